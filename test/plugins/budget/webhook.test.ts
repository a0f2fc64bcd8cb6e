import { createHmac } from 'node:crypto'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createGateway, logger } from '../../../src/index.ts'
import { startUpstream } from '../../support/upstream.ts'
import type { Upstream, UpstreamHandler } from '../../support/upstream.ts'
import { budgetGateway, hard, keyScope, priced, usd } from './support.ts'

async function receiver(handler: UpstreamHandler = (_call, response) => response.end()): Promise<Upstream> {
  const server = await startUpstream(handler)
  onTestFinished(() => server.close())
  return server
}

const types = (server: Upstream) => server.requests.map(({ body }) => body['event'])

it('posts an event with LiteLLM’s fields, signed', async () => {
  const server = await receiver()
  const secret = 'a shared secret'
  const under = await budgetGateway([keyScope({ budgets: [hard(0.005_5, { soft: usd(0.001) })] })], {
    plugins: { webhook: { urls: `${server.url}/hook?token=hidden`, secret } },
    models: [priced({ model: 'mock/48-tokens' })],
  })
  under.as({ scopes: [keyScope({ budgets: [hard(0.005_5, { soft: usd(0.001) })] })], user: 'u1', team: 't1' })
  expect((await under.ask({ max_tokens: 48 })).status).toBe(200)
  await under.gateway.close()
  expect(types(server)).toEqual(['soft_budget_crossed', 'threshold_crossed'])
  const { body, text, headers, path } = server.requests[1]!
  expect(path).toBe('/hook?token=hidden')
  expect(body).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    event: 'threshold_crossed',
    event_group: 'key',
    event_message: 'Threshold Crossed: Key=my key has spent $0.004800006, 85% or more of its budget of $0.0055.',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    spend: 0.004800006,
    max_budget: 0.0055,
    soft_budget: 0.001,
    threshold: 0.85,
    budget_id: 'default',
    budget_duration: null,
    budget_reset_at: null,
    models: null,
    token: 'k1',
    key_alias: 'my key',
    user_id: 'u1',
    team_id: 't1',
    team_alias: null,
    customer_id: null,
    organization_id: null,
  })
  const signed = `${String(headers['x-ungate-timestamp'])}.${text}`
  expect(headers['x-ungate-signature']).toBe(`sha256=${createHmac('sha256', secret).update(signed).digest('hex')}`)
})

it('tries again where the receiver fails, and not where it refuses', async () => {
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  const failing = await receiver((_call, response) => {
    response.statusCode = failing.requests.length < 3 ? 503 : 204
    response.end()
  })
  const refusing = await receiver((_call, response) => {
    response.statusCode = 400
    response.end()
  })
  const under = await budgetGateway([keyScope({ budgets: [{ id: 'b', soft: 1 }] })], {
    plugins: { webhook: { urls: [failing.url, refusing.url], minDelay: 0.01 } },
  })
  expect((await under.ask()).status).toBe(200)
  await vi.waitFor(() => expect([failing.requests.length, refusing.requests.length]).toEqual([3, 1]))
  expect(new Set(failing.requests.map(({ text }) => text)).size).toBe(1)
  await under.gateway.close()
  expect(warn.mock.calls).toEqual([[`webhook: ${new URL(refusing.url).host} did not take an event: it answered 400.`]])
})

it('a receiver that is away or hangs is in nobody’s way, and does not hold up the close', async () => {
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  const hanging = await receiver(() => {})
  const gone = await receiver()
  await gone.close()
  const under = await budgetGateway([keyScope({ budgets: [{ id: 'b', soft: 1 }] })], {
    plugins: {
      webhook: { urls: [hanging.url, `${gone.url}/?token=hidden`], timeout: 0.2, retries: 20, minDelay: 100 },
    },
  })
  expect((await under.ask()).status).toBe(200)
  await vi.waitFor(() => expect(hanging.requests).toHaveLength(1))
  await under.gateway.close()
  const said = warn.mock.calls.map(([text]) => String(text)).sort()
  expect(said).toHaveLength(2)
  expect(said.join(' ')).toContain('no answer within 0.2 s')
  expect(said.join(' ')).toContain('it could not be reached')
  expect(said.join(' ')).not.toContain('hidden')
})

it('posts only the types that are wanted, and needs an address', async () => {
  const server = await receiver()
  const under = await budgetGateway([keyScope({ budgets: [hard(0.005_5, { soft: 1 })] })], {
    plugins: { webhook: { urls: [server.url], events: ['threshold_crossed'] } },
  })
  await under.ask({ max_tokens: 50 })
  await under.gateway.close()
  expect(types(server)).toEqual(['threshold_crossed'])
  await expect(createGateway({ plugins: { webhook: true } }, { env: {} })).rejects.toThrow('plugins.webhook.urls')
  const named = await createGateway({ plugins: { webhook: true } }, { env: { WEBHOOK_URL: server.url } })
  await named.close()
})
