import type { AddressInfo } from 'node:net'
import { H3 } from 'h3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createGateway, definePlugin, toNodeListener, z } from '../../src/index.ts'
import type { Gateway, GatewayConfig, GatewayContext } from '../../src/index.ts'
import { directCalls } from '../../src/direct-calls.ts'
import { GatewayServer } from '../../src/server/direct/gateway-server.ts'
import { hardenServer, serverOptions } from '../../src/server/http-server.ts'
import { instantMock } from '../support/serve.ts'
import { postHead } from '../support/raw.ts'
import { openLine } from './line.ts'
import type { LineAnswer } from './line.ts'

const BODY = JSON.stringify({ model: 'mock', messages: [{ role: 'user', content: 'hi' }] })
const request = (path = '/v1/chat/completions', body = BODY) =>
  postHead(path, { 'content-type': 'application/json', 'content-length': body.length }) + body

/** A gateway with a plugin that does something at start. */
function gatewayWith(setup: (gateway: GatewayContext) => void = () => {}, more: GatewayConfig = {}): Promise<Gateway> {
  const plugin = definePlugin({
    name: 'tested',
    options: z.object({}),
    setup(_options, gateway) {
      setup(gateway)
      return {}
    },
  })
  return createGateway({ ...instantMock, ...more, use: [plugin] }, { env: {} })
}

/** A server whose gateway can be another one from some moment on. */
async function serve(gateway: Gateway): Promise<{ port: number; swap(next: Gateway): void }> {
  let current = gateway
  const handler = () => toNodeListener(current)
  const server = new GatewayServer(
    { ...serverOptions },
    (incoming, response) => handler()(incoming, response),
    () => directCalls(current),
  )
  hardenServer(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, swap: (next) => void (current = next) }
}

async function post(port: number, send = request()): Promise<LineAnswer> {
  const line = openLine(port)
  line.send(send)
  const answer = await line.answer()
  line.leave()
  return answer
}

const said = (answer: LineAnswer) =>
  (JSON.parse(answer.body) as { choices: { message: { content: string } }[] }).choices[0]!.message.content
/** Without what differs from call to call. */
const known = ({ headers }: LineAnswer) => Object.keys(headers).sort()

describe('what h3 has to see goes through it', () => {
  test('without any of it nothing does', async () => {
    const { port } = await serve(await gatewayWith())
    expect(await post(port)).toMatchObject({ status: 200, direct: true })
  })

  test('middleware for everything sees calls, and answers stay the same', async () => {
    const seen: string[] = []
    const plain = await post((await serve(await gatewayWith())).port)
    const gateway = await gatewayWith(({ app }) => {
      app.use((event) => void seen.push(event.url.pathname))
    })
    const { port } = await serve(gateway)
    const answer = await post(port)
    expect(answer).toMatchObject({ status: 200, direct: false })
    expect(seen).toEqual(['/v1/chat/completions'])
    expect(said(answer)).toBe(said(plain))
    expect(known(answer)).toEqual(known(plain))
  })

  test('middleware that answers itself', async () => {
    const { port } = await serve(
      await gatewayWith(({ app }) => {
        app.use('/v1/**', () => new Response('stopped', { status: 418 }))
      }),
    )
    expect(await post(port)).toMatchObject({ status: 418, body: 'stopped' })
  })

  test.each(['onRequest', 'onResponse'] as const)('%s', async (hook) => {
    let calls = 0
    const gateway = await gatewayWith()
    const { port } = await serve(gateway)
    expect((await post(port)).direct).toBe(true)
    gateway.app.config[hook] = () => void calls++
    expect(await post(port)).toMatchObject({ status: 200, direct: false })
    expect(calls).toBe(1)
  })

  test('middleware that comes later, on a connection that is open', async () => {
    const gateway = await gatewayWith()
    const { port } = await serve(gateway)
    const line = openLine(port)
    line.send(request())
    expect((await line.answer()).direct).toBe(true)
    let calls = 0
    gateway.app.use(() => void calls++)
    line.send(request())
    expect(await line.answer()).toMatchObject({ status: 200, direct: false })
    expect(calls).toBe(1)
    line.leave()
  })

  test.each([
    ['the path itself', '/v1/chat/completions', '/v1/chat/completions'],
    ['a path of the passed-through API', '/v1/files', '/v1/files'],
    ['a pattern', '/v1/files/:id', '/v1/files/a-b'],
    ['a wildcard', '/v1/threads/**', '/v1/threads/a/runs'],
  ])('a route of a plugin: %s', async (_name, route, path) => {
    const { port } = await serve(await gatewayWith(({ app }) => void app.post(route, () => 'of the plugin')))
    expect(await post(port, request(path))).toMatchObject({ status: 200, body: 'of the plugin', direct: false })
    // The others are not its.
    expect((await post(port, request('/v1/embeddings'))).direct).toBe(true)
  })

  test('a route of a plugin for all methods, and one for GET alone', async () => {
    const { port } = await serve(
      await gatewayWith(({ app }) => {
        app.all('/v1/responses', () => 'of the plugin')
        app.get('/v1/chat/completions', () => 'to be read')
      }),
    )
    expect(await post(port, request('/v1/responses'))).toMatchObject({ body: 'of the plugin', direct: false })
    expect(await post(port)).toMatchObject({ status: 200, direct: true })
  })

  test('a mounted app with middleware', async () => {
    const { port } = await serve(
      await gatewayWith(({ app }) => {
        app.mount(
          '/v1/files',
          new H3().use(() => new Response('mounted')),
        )
      }),
    )
    expect(await post(port, request('/v1/files/x'))).toMatchObject({ body: 'mounted', direct: false })
  })

  test.each(['/nowhere', '/v1', '/v2/chat/completions', '/health/liveliness', '/engines/only-a-model'])(
    '%s is not the API’s',
    async (path) => {
      const { port } = await serve(await gatewayWith())
      expect((await post(port, request(path))).direct).toBe(false)
    },
  )

  test('more paths than are remembered', async () => {
    const { port } = await serve(await gatewayWith())
    const line = openLine(port)
    for (let i = 0; i < 1100; i++) {
      line.send(request(`/engines/nobody-${i}/chat/completions`))
      expect(await line.answer()).toMatchObject({ status: 404, direct: true })
    }
    line.send(request())
    expect(await line.answer()).toMatchObject({ status: 200, direct: true })
    line.leave()
  })
})

describe('another config', () => {
  const named = (name: string) => gatewayWith(() => {}, { aliases: { [name]: 'mock' } })
  const asks = (model: string) => request(undefined, BODY.replace('"mock"', JSON.stringify(model)))

  test('is asked from the next request on, on open connections too', async () => {
    const served = await serve(await named('before'))
    const line = openLine(served.port)
    line.send(asks('before'))
    expect(await line.answer()).toMatchObject({ status: 200, direct: true })
    served.swap(await named('after'))
    line.send(asks('before'))
    expect(await line.answer()).toMatchObject({ status: 404, direct: true })
    line.send(asks('after'))
    expect(await line.answer()).toMatchObject({ status: 200, direct: true })
    line.leave()
  })

  test('whose middleware has to see a request that has begun', async () => {
    const served = await serve(await gatewayWith())
    const line = openLine(served.port)
    line.socket.setNoDelay()
    line.send(request())
    await line.answer()
    const bytes = request() + request()
    line.send(bytes.slice(0, 130))
    await new Promise((go) => setTimeout(go, 20))
    line.send(bytes.slice(130, 140))
    await new Promise((go) => setTimeout(go, 20))
    let calls = 0
    served.swap(await gatewayWith(({ app }) => void app.use(() => void calls++)))
    // With the next one behind it.
    line.send(bytes.slice(140))
    for (const wanted of [1, 2]) {
      expect(await line.answer()).toMatchObject({ status: 200, direct: false })
      expect(calls).toBeGreaterThanOrEqual(wanted)
    }
    expect(line.rest()).toBe('')
    line.leave()
  })
})
