import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { definePlugin, z } from '../../src/index.ts'
import { until } from '../suites/gateway-under-test.ts'
import { postHead, postRaw, sendRaw } from '../support/raw.ts'
import { instantMock, serveGateway } from '../support/serve.ts'
import type { Served } from '../support/serve.ts'

/** Answers of every kind, without a provider. */
const answers = definePlugin({
  name: 'answers',
  order: 'pre',
  options: z.object({}),
  setup: () => ({
    auth(ctx) {
      const { answer, header } = ctx.call.body['metadata'] as { answer?: string; header?: string }
      if (header !== undefined) ctx.headers['x-given'] = header
      const body =
        answer === 'bytes' ? new TextEncoder().encode('"é"') : answer === 'long' ? '€'.repeat(50_000) : answer
      ctx.onSettle(() => void answered++)
      return body === undefined ? undefined : { status: 200, headers: { 'content-type': 'application/json' }, body }
    },
  }),
})

/** Node writes this header with a capital. */
const DIRECT = /^date: /m

let served: Served
let answered = 0
let port: number
beforeAll(async () => {
  served = await serveGateway({ ...instantMock, use: [answers] })
  port = (served.server.address() as AddressInfo).port
})
afterAll(() => served.close())

const body = (metadata: object) =>
  JSON.stringify({ model: 'mock', messages: [{ role: 'user', content: 'hi' }], metadata })
const request = (text: string, headers: Record<string, string> = {}) =>
  postHead('/v1/chat/completions', {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  }) + text

describe('plain calls', () => {
  it.each([
    ['text', '"é🐦"'],
    ['an empty text', ''],
  ])('%s, with its length in bytes', async (_name, text) => {
    const answer = await postRaw(port, body({ answer: text }))
    expect(answer).toMatchObject({ status: 200, reason: 'OK', body: text })
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      connection: 'keep-alive',
      'keep-alive': 'timeout=75',
    })
    expect(answer.text).toMatch(DIRECT)
    expect(Math.abs(Date.parse(answer.headers['date']!) - Date.now())).toBeLessThan(5000)
  })

  it('bytes, and bodies too long for it', async () => {
    expect((await postRaw(port, body({ answer: 'bytes' }))).body).toBe('"é"')
    const long = await postRaw(port, body({ answer: 'long' }))
    expect(long.headers['content-length']).toBe('150000')
    expect(long.body).toBe('€'.repeat(50_000))
  })

  it('one after the other on one connection, pipelined too', async () => {
    const send = ['one', 'two', 'three'].map((answer) => request(body({ answer })))
    send.push(request(body({ answer: 'last' }), { connection: 'close' }))
    const { text } = await sendRaw({ port, send: send.join(''), untilClose: true })
    const bodies = text.split(/HTTP\/1\.1 200 OK\r\n/).map((part) => part.slice(part.indexOf('\r\n\r\n') + 4))
    expect(bodies.slice(1)).toEqual(['one', 'two', 'three', 'last'])
  })

  it('to a reader that is far behind', async () => {
    const wanted: string[] = []
    const socket = connect(port, '127.0.0.1')
    socket.pause()
    // Until nothing more goes out: then the server does not even read what is asked.
    for (let behind = false; !behind;) {
      const answer = String.fromCharCode(97 + (wanted.length % 26)).repeat(60_000)
      const before = answered
      wanted.push(answer)
      socket.write(request(body({ answer })))
      await until('the answer', () => answered > before, 500).catch(() => (behind = true))
      // In the same memory, while the other one may still wait for its reader.
      await postRaw(port, body({ answer: '#'.repeat(60_000) }))
    }
    socket.write(request(body({ answer: 'end' }), { connection: 'close' }))
    const chunks: Buffer[] = []
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => void chunks.push(chunk))
      socket.on('end', () => resolve())
      socket.resume()
    })
    socket.destroy()
    const text = Buffer.concat(chunks).toString('latin1')
    const got = text.split(/HTTP\/1\.1 200 OK\r\n/).map((part) => part.slice(part.indexOf('\r\n\r\n') + 4))
    expect(got.slice(1).map((one) => one.slice(0, 5) + one.length)).toEqual(
      [...wanted, 'end'].map((one) => one.slice(0, 5) + one.length),
    )
    expect(got.slice(1).every((one) => one === 'end' || one === one[0]!.repeat(60_000))).toBe(true)
  })

  it('and errors', async () => {
    const answer = await postRaw(port, '{"model":"mock"}')
    expect(answer.status).toBe(400)
    expect(answer.text).toMatch(DIRECT)
  })
})

describe('what is left to Node', () => {
  it('closes where the caller wants to', async () => {
    const text = body({ answer: 'bye' })
    const closed = await sendRaw({ port, send: request(text, { connection: 'close' }), untilClose: true })
    expect(closed.headers['connection']).toBe('close')
    expect(closed.body).toBe('bye')
    expect(closed.text).not.toMatch(DIRECT)
    const old = await sendRaw({ port, send: request(text).replace('HTTP/1.1', 'HTTP/1.0'), untilClose: true })
    expect(old.headers['connection']).toBe('close')
    expect(old.body).toBe('bye')
  })

  it('HEAD has no body', async () => {
    const head = `HEAD /health/liveliness HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`
    const { text } = await sendRaw({ port, send: head, untilClose: true })
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/)
  })

  it('no header value gets a line of its own', async () => {
    const { text, status } = await postRaw(port, body({ answer: 'x', header: 'a\r\nx-injected: 1' }))
    expect(status).toBe(500)
    expect(text).not.toMatch(/^x-injected/m)
    expect((await postRaw(port, body({ answer: 'x', header: 'é' }))).headers['x-given']).toBe('é')
  })
})
