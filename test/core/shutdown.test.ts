import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { shutdown } from '../../src/server/shutdown.ts'
import type { LiveGateway } from '../../src/server/live-gateway.ts'
import { until } from '../suites/gateway-under-test.ts'
import { postHead } from '../support/raw.ts'
import { instantMock, serveGateway } from '../support/serve.ts'

const body = JSON.stringify({ model: 'mock', messages: [{ role: 'user', content: 'hi' }] })
const headers = { 'content-type': 'application/json', 'content-length': body.length }
const CALL = postHead('/v1/chat/completions', headers) + body
/** Read by Node's server: there is a query. */
const NODE_CALL = postHead('/v1/chat/completions?x=1', headers) + body
const READY = 'GET /health/readiness HTTP/1.1\r\nhost: x\r\n\r\n'

interface Client {
  readonly socket: Socket
  text(): string
  closed(): boolean
  ask(request: string): Promise<string>
}

async function start() {
  const { gateway, server } = await serveGateway({ ...instantMock, providers: { mock: { latency: 0, pace: 200 } } })
  const { port } = server.address() as AddressInfo
  const live = { drain: () => gateway.drain(), close: () => gateway.close() } as unknown as LiveGateway
  const client = (): Client => {
    let text = ''
    let closed = false
    const socket = connect(port, '127.0.0.1')
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('close', () => (closed = true))
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    return {
      socket,
      text: () => text,
      closed: () => closed,
      async ask(request) {
        const from = text.length
        socket.write(request)
        await until('an answer', () => /\}(\r\n0\r\n\r\n)?$/.test(text.slice(from)))
        return text.slice(from)
      },
    }
  }
  return { server, port, client, stop: (graceMs: number) => shutdown(server, live, graceMs) }
}

describe('a server that stops', () => {
  it.each([
    ['a plain call', CALL],
    ['a call that Node reads', NODE_CALL],
  ])('answers %s on a kept connection, says that it is the last, and closes it', async (_name, request) => {
    const { client, stop } = await start()
    const kept = client()
    expect(await kept.ask(request)).toMatch(/^HTTP\/1\.1 200 [^]*connection: keep-alive\r\n/i)
    const stopped = stop(60_000)
    expect(await kept.ask(request)).toMatch(/^HTTP\/1\.1 200 [^]*connection: close\r\n/i)
    await stopped
    await until('the end', kept.closed)
  })

  it('says that it is not ready, and takes no new connections', async () => {
    const { client, port, stop } = await start()
    const kept = client()
    expect(await kept.ask(READY)).toMatch(/^HTTP\/1\.1 200 /)
    const stopped = stop(60_000)
    expect(await kept.ask(READY)).toMatch(/^HTTP\/1\.1 503 [^]*connection: close\r\n/i)
    const error = await new Promise((resolve) => connect(port, '127.0.0.1').on('error', resolve))
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    await stopped
  })

  it('closes connections without a request after the grace, used ones and new ones', async () => {
    const { client, stop } = await start()
    const [used, byNode, fresh] = [client(), client(), client()]
    await used.ask(CALL)
    await byNode.ask(NODE_CALL)
    await stop(50)
    await until('the end', () => used.closed() && byNode.closed() && fresh.closed())
    expect(fresh.text()).toBe('')
  })

  it('lets a stream end, whole', async () => {
    const { client, stop } = await start()
    const reader = client()
    const stream = JSON.stringify({ ...JSON.parse(body), model: 'mock/50-tokens', stream: true })
    reader.socket.write(postHead('/v1/chat/completions', { ...headers, 'content-length': stream.length }) + stream)
    await until('the first chunk', () => reader.text().includes('data: '))
    expect(reader.text()).not.toContain('[DONE]')
    await stop(0)
    expect(reader.text()).toMatch(/data: \[DONE\]\n\n\r\n0\r\n\r\n$/)
  })
})
