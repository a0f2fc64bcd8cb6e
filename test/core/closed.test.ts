import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import {
  closeDefaultGateway,
  completion,
  configure,
  createGateway,
  createLibrary,
  definePlugin,
  setDefaultGateway,
  ServiceUnavailableError,
  toNodeListener,
  z,
} from '../../src/index.ts'
import type { GatewayContext } from '../../src/index.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'

const messages = [{ role: 'user' as const, content: 'Hi' }]
const init = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ model: 'm', messages }),
}
const CLOSED = { error: { code: 'gateway_closed', type: 'overloaded_error', param: null } }

afterEach(() => closeDefaultGateway())

async function start() {
  const upstream = await startUpstream((_call, response) => sendJson(response, chatAnswer('Hello')))
  onTestFinished(() => upstream.close())
  const records: string[] = []
  let context: GatewayContext | undefined
  const books = definePlugin({
    name: 'books',
    options: z.object({}),
    setup(_options, gateway) {
      context = gateway
      gateway.route({ method: 'GET', path: '/books', access: 'public', handler: () => 'open' })
      return { record: ({ id }) => void records.push(id), close: () => void records.push('closed') }
    },
  })
  const config = {
    models: [{ name: 'm', model: 'openai/m', apiKey: 'sk-test-0123456789', baseURL: `${upstream.url}/v1` }],
    use: [books],
  }
  return { upstream, records, config, context: () => context! }
}

test('a gateway that was closed asks no provider and answers no route: what it did would be in no books', async () => {
  const { upstream, records, config, context } = await start()
  const gateway = await createGateway(config, { env: {} })
  expect((await gateway.fetch('http://gateway/v1/chat/completions', init)).status).toBe(200)
  expect((await gateway.fetch('http://gateway/books')).status).toBe(200)
  const server = createServer(toNodeListener(gateway))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await gateway.close()
  for (const send of [
    () => gateway.fetch('http://gateway/v1/chat/completions', init),
    () => gateway.fetch('http://gateway/v1/files'),
    () => gateway.fetch('http://gateway/books'),
    () => fetch(`${address}/v1/chat/completions`, init),
  ]) {
    const refused = await send()
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject(CLOSED)
  }
  const call = { wire: 'openai.chat', path: '/chat/completions', body: { model: 'm', messages } } as const
  const run = { status: 503, code: 'gateway_closed' }
  await expect(gateway.run(call)).rejects.toMatchObject(run)
  await expect(context().run(call)).rejects.toMatchObject(run)
  const library = createLibrary(gateway)
  await expect(library.completion({ model: 'm', messages })).rejects.toThrow(ServiceUnavailableError)
  expect(upstream.requests).toHaveLength(1)
  expect([records.length, records.at(-1)]).toEqual([2, 'closed'])
})

test('calls that come while it waits for others are in its books', async () => {
  const { records, config } = await start()
  const gateway = await createGateway(config, { env: {} })
  const first = gateway.fetch('http://gateway/v1/chat/completions', init)
  const closed = gateway.close()
  const second = gateway.fetch('http://gateway/v1/chat/completions', init)
  expect([(await first).status, (await second).status]).toEqual([200, 200])
  await closed
  expect([records.length, records.at(-1)]).toEqual([3, 'closed'])
})

test('calls of the library that meet a gateway being replaced go to the new one', async () => {
  const { records, config } = await start()
  await configure(config, { env: {} })
  for (let i = 0; i < 5; i++) {
    // Each looks for its targets on the old one, which has no call yet that it would wait for.
    const calls = Array.from({ length: 4 }, () => completion({ model: 'm', messages, fallbacks: ['m'] }))
    const configured = configure(config, { env: {} })
    calls.push(completion({ model: 'm', messages }))
    for (const answer of await Promise.all(calls)) expect(answer.choices[0]!.message.content).toBe('Hello')
    await configured
  }
  expect(records.filter((id) => id !== 'closed')).toHaveLength(25)
})

test('a call that has its gateway, but not its targets yet, when that is closed begins again', async () => {
  const { config, records } = await start()
  const old = await createGateway(config, { env: {} })
  const target = old.target.bind(old)
  vi.spyOn(old, 'target').mockImplementation(async (spec) => {
    const found = await target(spec)
    await configure(config, { env: {} })
    await old.close()
    return found
  })
  await setDefaultGateway(old)
  const baseURL = String(config.models[0]!.baseURL)
  const answer = await completion({ model: 'openai/other', messages, apiKey: 'sk-own-0123456789', baseURL })
  expect(answer.choices[0]!.message.content).toBe('Hello')
  expect(records.indexOf('closed')).toBe(0)
})
