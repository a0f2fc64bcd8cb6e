import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { MockInstance } from 'vitest'
import { createGateway, definePlugin, logger, z } from '../../src/index.ts'
import type { Answer, Context, Gateway, GatewayPlugin } from '../../src/index.ts'
import { instantMock } from '../support/serve.ts'

let error: MockInstance
beforeEach(() => void (error = vi.spyOn(logger, 'error').mockImplementation(() => {})))
afterEach(() => error.mockRestore())

/** A plugin as JavaScript lets it be written. */
function gatewayWith(plugin: object): Promise<Gateway> {
  const tested = definePlugin({ name: 'tested', options: z.object({}), setup: () => plugin as GatewayPlugin })
  return createGateway({ ...instantMock, use: [tested] }, { env: {} })
}

async function statusOf(plugin: object): Promise<number> {
  const gateway = await gatewayWith(plugin)
  const body = JSON.stringify({ model: 'mock/echo', messages: [{ role: 'user', content: 'hi' }] })
  const headers = { 'content-type': 'application/json' }
  const response = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', headers, body })
  await response.text()
  expect(gateway.inFlight()).toBe(0)
  await gateway.close()
  return response.status
}

const logged = () => String(error.mock.calls.at(-1)?.[1])

describe('what a gate returns and is no answer', () => {
  it.each([
    [true, 'true'],
    ['yes', 'yes'],
    [42, '42'],
    [{}, 'an object'],
    [{ status: 200, headers: {} }, 'an object'],
    [{ status: 200, headers: {}, body: { ok: true } }, 'an object'],
    [Promise.resolve(true), 'true'],
  ])('%j is an internal error that names the plugin, not an empty 200', async (value, said) => {
    expect(await statusOf({ auth: () => value })).toBe(500)
    expect(logged()).toContain(`The plugin tested (auth) returned ${said}`)
  })

  it('nothing and falsy values go on, answers stop', async () => {
    for (const value of [undefined, null, false, 0, '']) expect(await statusOf({ route: () => value })).toBe(200)
    for (const body of ['text', new Uint8Array(2)]) {
      const answer: Answer = { status: 418, headers: {}, body }
      expect(await statusOf({ budget: () => answer })).toBe(418)
    }
    expect(error).not.toHaveBeenCalled()
  })
})

it('a provider stage that forgets to return is told so', async () => {
  expect(await statusOf({ provider: async () => {} })).toBe(500)
  expect(logged()).toContain('A plugin returned nothing from `provider`')
})

it.each([false, true])(
  'a header that none can be is an internal error in process, too (stream: %s)',
  async (stream) => {
    const gateway = await gatewayWith({ auth: (ctx: Context) => void (ctx.headers['x-team'] = 'Ärzte → Köln') })
    const body = JSON.stringify({ model: 'mock/echo', stream, messages: [{ role: 'user', content: 'hi' }] })
    const headers = { 'content-type': 'application/json' }
    const response = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', headers, body })
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('Request id')])
    expect(logged()).toContain('x-team')
    expect(gateway.inFlight()).toBe(0)
    await gateway.close()
  },
)

it('a stage that is no function is refused at start, with the plugin’s name', async () => {
  await expect(gatewayWith({ auth: 'no' })).rejects.toThrow(
    'The plugin tested (config) could not be set up: its `auth` must be a function',
  )
  await expect(gatewayWith({ close: [() => {}] })).rejects.toThrow('its `close` must be a function')
})

it('a stage with a mistyped name is warned of: it would never run', async () => {
  const gateway = await gatewayWith({ ratelimit: () => {}, auht: () => {}, helper: () => {}, log: () => {}, state: 1 })
  expect(gateway.warnings).toEqual([
    'The plugin tested has `ratelimit`, which is no stage: `rateLimit` is.',
    'The plugin tested has `auht`, which is no stage: `auth` is.',
  ])
  await gateway.close()
})
