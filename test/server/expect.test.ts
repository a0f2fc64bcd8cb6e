import { createServer } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGateway, toNodeListener } from '../../src/index.ts'
import { hardenServer } from '../../src/server/http-server.ts'
import { postHead } from '../support/raw.ts'
import { instantMock, serveGateway } from '../support/serve.ts'

const MASTER = 'sk-master-0123456789'
const config = {
  ...instantMock,
  models: [{ name: 'm', model: 'mock/5-tokens' }],
  plugins: { ...instantMock.plugins, 'master-key': { key: MASTER } },
  limits: { body: 1000, upload: 2000 },
}
const auth = { authorization: `Bearer ${MASTER}` }
const chat = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })

/** `start`'s server, and one that was made by somebody else, as `dev`'s. */
const SERVERS = {
  async own() {
    const served = await serveGateway(config)
    onTestFinished(() => served.close())
    return Number(new URL(served.url).port)
  },
  async hardened() {
    const gateway = await createGateway(config, { env: {} })
    const server = createServer(toNodeListener(gateway))
    hardenServer(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
      await gateway.close()
    })
    return (server.address() as { port: number }).port
  },
}

/** Sends a head, and the body when it is asked for. Gives all that came until the server's end, or two answers. */
function waiting(port: number, head: string, body = ''): Promise<{ text: string; sent: boolean; closed: boolean }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    let sent = false
    const done = (closed: boolean) => {
      resolve({ text, sent, closed })
      socket.destroy()
    }
    socket.on('error', reject)
    socket.on('close', () => done(true))
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      if (!sent && text.startsWith('HTTP/1.1 100 ')) {
        sent = true
        socket.write(body)
      }
      if (text.endsWith('}') && !/^connection: close\r$/im.test(text)) done(false)
    })
    socket.write(head)
  })
}

describe.each(Object.entries(SERVERS))('a client that waits before it sends its body: %s', (_name, start) => {
  const expecting = { expect: '100-continue', 'content-type': 'application/json' }

  it('is asked for it', async () => {
    const port = await start()
    for (const [path, body] of [
      ['/v1/chat/completions', chat],
      ['/key/generate', '{}'],
    ] as const) {
      const head = postHead(path, { ...auth, ...expecting, 'content-length': body.length })
      const answer = await waiting(port, head, body)
      expect(answer).toMatchObject({ sent: true, closed: false })
      expect(answer.text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /)
    }
  })

  it('hears before it that it is too long', async () => {
    const head = postHead('/v1/chat/completions', { ...auth, ...expecting, 'content-length': 1001 })
    const { text, closed } = await waiting(await start(), head)
    expect(text).toMatch(/^HTTP\/1\.1 413 [^]*request_too_large/)
    expect(closed).toBe(true)
  })

  it('hears before it that its key is none', async () => {
    const port = await start()
    for (const path of ['/v1/chat/completions', '/v1/files', '/key/generate']) {
      for (const headers of [{}, { authorization: 'Bearer sk-wrong' }]) {
        const head = postHead(path, { ...headers, ...expecting, 'content-length': 500 })
        const { text, closed } = await waiting(port, head)
        expect(text).toMatch(/^HTTP\/1\.1 401 [^]*invalid_api_key/)
        expect(closed).toBe(true)
      }
    }
  })

  it('hears what else it may not expect', async () => {
    const head = postHead('/v1/chat/completions', { ...auth, ...expecting, expect: '200-ok', 'content-length': 5 })
    const { text, closed } = await waiting(await start(), head)
    expect(text).toMatch(/^HTTP\/1\.1 417 [^]*"error":\{[^]*100-continue/)
    expect(closed).toBe(true)
  })
})

it('what only the whole call can tell is told after the body', async () => {
  const port = await SERVERS.own()
  const body = JSON.stringify({ ...JSON.parse(chat), model: 'nobody' })
  const head = postHead('/v1/chat/completions', { ...auth, expect: '100-continue', 'content-length': body.length })
  const { text, sent } = await waiting(port, head, body)
  expect(sent).toBe(true)
  expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 404 /)
})
