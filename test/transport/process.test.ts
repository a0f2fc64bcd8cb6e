import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { callInChild } from './child.ts'
import { startUpstream, turns, whole } from './support.ts'
import type { OnRequest, Upstream } from './support.ts'

let upstream: Upstream
let onRequest: OnRequest
beforeEach(async () => {
  onRequest = ({ socket }, { path }) => socket.write(whole(path))
  upstream = await startUpstream((peer, request) => onRequest(peer, request))
})
afterEach(() => upstream.close())

const ok = (body = '/') => ({ status: 200, body })

describe('a process that asked, and has nothing more to do', () => {
  test('ends by itself: a kept connection keeps nobody', async () => {
    expect(await callInChild(upstream.url)).toEqual([ok()])
  })

  test('also after many calls over the same connection', async () => {
    expect(await callInChild(upstream.url, { times: 5 })).toEqual(Array(5).fill(ok()))
    expect(upstream.peers.length).toBe(1)
  })

  test('also where the name has several addresses, of which the first refuses', async () => {
    // As `localhost` is found where nobody listens on `::1`: Ollama and vLLM on many machines.
    const url = `http://somewhere.invalid:${upstream.port}/`
    expect(await callInChild(url, { addresses: ['127.0.0.2', '127.0.0.1'] })).toEqual([ok()])
    expect(await callInChild(url, { addresses: ['::1', '127.0.0.1'] })).toEqual([ok()])
  })

  test('also after a failure', async () => {
    onRequest = ({ socket }) => socket.write('nonsense\r\n\r\n')
    expect(await callInChild(upstream.url)).toEqual([{ status: 0, body: '', code: 'BAD_HTTP_RESPONSE' }])
    const url = upstream.url
    await upstream.close()
    expect(await callInChild(url)).toEqual([{ status: 0, body: '', code: 'ECONNREFUSED' }])
  })
})

describe('a call that is under way keeps the process', () => {
  test('until its headers come', async () => {
    onRequest = ({ socket }) => setTimeout(() => socket.write(whole('late')), 700)
    expect(await callInChild(upstream.url)).toEqual([ok('late')])
  })

  test('until its body ends', async () => {
    onRequest = async ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n')
      for (const char of 'abc') {
        await turns(300)
        socket.write(char)
      }
    }
    expect(await callInChild(upstream.url)).toEqual([ok('abc')])
  })

  test('also the second one on its connection', async () => {
    onRequest = ({ socket }, { path }) => setTimeout(() => socket.write(whole(path)), 400)
    expect(await callInChild(upstream.url, { times: 3 })).toEqual(Array(3).fill(ok()))
    expect(upstream.peers.length).toBe(1)
  })
})
