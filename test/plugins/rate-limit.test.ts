import { describe, expect, test, vi } from 'vitest'
import { createGateway, createMemoryCounters } from '../../src/index.ts'
import type { WindowOp } from '../../src/index.ts'
import { sendJson } from '../support/upstream.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { caller, errorOf, limitHeaders, limitedGateway, scope, standStill } from './limited.ts'

const NOON = Date.UTC(2026, 2, 1, 12)
const key = 'a'.repeat(64)

describe('requests per minute', () => {
  test('hold in any minute: no second burst at its edge', async () => {
    const at = standStill(NOON - 100)
    const { statuses } = await limitedGateway({ k: caller([scope('key', key, { rpm: 3 })]) })
    expect(await statuses('k', 4)).toEqual([200, 200, 200, 429])
    at(100)
    expect(await statuses('k', 1)).toEqual([429])
    at(30_000)
    expect(await statuses('k', 1)).toEqual([429])
    at(60_500)
    expect(await statuses('k', 4)).toEqual([200, 200, 200, 429])
  })

  test('are refused with who, what, how much and until when', async () => {
    const at = standStill(NOON)
    const { ask } = await limitedGateway({ k: caller([scope('key', key, { rpm: 1 })]) })
    await ask('k')
    at(20_000)
    const refused = await ask('k')
    expect(refused.status).toBe(429)
    expect(await errorOf(refused)).toEqual({
      message:
        'Rate limit exceeded for api_key: aaaaaaaa…. Limit type: requests. Current limit: 1, Remaining: 0. ' +
        'Limit resets at: 2026-03-01 12:01:01 UTC',
      type: 'rate_limit_error',
      param: null,
      code: 'rate_limit_exceeded',
    })
    // What was counted at noon leaves with its 128th part of a minute, at 12:01:00.47.
    expect(limitHeaders(refused)).toEqual({
      'retry-after': '41',
      rate_limit_type: 'requests',
      reset_at: '2026-03-01 12:01:01 UTC',
      'x-litellm-key-rpm-limit': '1',
      'x-ratelimit-api_key-limit-requests': '1',
      'x-ratelimit-api_key-remaining-requests': '0',
      'x-ratelimit-limit-requests': '1',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '41s',
    })
    at(61_000)
    expect((await ask('k')).status).toBe(200)
  })

  test('count calls that fail, and not those that are refused', async () => {
    standStill(NOON)
    let status = 500
    const { statuses } = await limitedGateway(
      {
        k: caller([scope('key', key, { rpm: 2 }), scope('team', 't', { rpm: 3 })]),
        other: caller([scope('team', 't', { rpm: 3 })]),
      },
      { answer: (_call, response) => sendJson(response, status === 200 ? chatAnswer('Hi') : { error: {} }, status) },
    )
    expect(await statuses('k', 4)).toEqual([500, 500, 429, 429])
    status = 200
    // The two refused took nothing from the team.
    expect(await statuses('other', 2)).toEqual([200, 429])
  })

  test('hold for whole-number bursts at once', async () => {
    const { ask } = await limitedGateway({ k: caller([scope('user', 'u', { rpm: 20 })]) })
    const all = await Promise.all(Array.from({ length: 60 }, async () => (await ask('k')).status))
    expect(all.filter((status) => status === 200)).toHaveLength(20)
    expect(all.filter((status) => status === 429)).toHaveLength(40)
  })

  test('of 0 admit nothing', async () => {
    const { statuses, upstream } = await limitedGateway({ k: caller([scope('key', key, { rpm: 0 })]) })
    expect(await statuses('k', 1)).toEqual([429])
    expect(upstream.requests).toHaveLength(0)
  })
})

describe('scopes', () => {
  const kinds = [
    ['key', 'api_key: nightly'],
    ['team', 'team: id'],
    ['team_member', 'team_member: id'],
    ['user', 'user: id'],
    ['end_user', 'end_user: id'],
    ['organization', 'organization: id'],
    ['global', 'gateway: nightly'],
  ] as const
  test.each(kinds)('%s', async (kind, owner) => {
    const { ask } = await limitedGateway({ k: caller([scope(kind, 'id', { rpm: 1 }, 'nightly')]) })
    expect((await ask('k')).status).toBe(200)
    const refused = await ask('k')
    expect(refused.status).toBe(429)
    expect((await errorOf(refused))['message']).toContain(`Rate limit exceeded for ${owner}. Limit type: requests.`)
  })

  test('are shared by all who belong to them, and by nobody else', async () => {
    const team = scope('team', 't', { rpm: 2 })
    const { statuses } = await limitedGateway({
      a: caller([scope('key', 'a', {}), team]),
      b: caller([scope('key', 'b', {}), team]),
      c: caller([scope('team', 'other', { rpm: 2 })]),
    })
    expect([await statuses('a', 1), await statuses('b', 2), await statuses('a', 1)]).toEqual([[200], [200, 429], [429]])
    expect(await statuses('c', 2)).toEqual([200, 200])
  })

  test('an id cannot reach the counter of another scope', async () => {
    const { statuses } = await limitedGateway({
      a: caller([scope('end_user', 'x', { models: { m: { rpm: 1 } } })]),
      b: caller([scope('end_user', 'x:model:m', { rpm: 1 })]),
    })
    expect([await statuses('a', 1), await statuses('b', 1)]).toEqual([[200], [200]])
  })

  test('a caller without limits is told nothing', async () => {
    const { ask } = await limitedGateway({ k: caller([scope('key', key, {})]), free: caller([]) })
    expect([limitHeaders(await ask('k')), limitHeaders(await ask('free'))]).toEqual([{}, {}])
  })
})

describe('headers', () => {
  test('are on answers, streams and errors; the least that is left is told OpenAI’s way', async () => {
    const { ask } = await limitedGateway(
      { k: caller([scope('key', key, { rpm: 10, tpm: 5000, parallel: 4 }), scope('team', 't', { rpm: 5 })]) },
      {
        answer: (call, response) =>
          sendJson(
            response,
            call.body['user'] === 'bad' ? { error: { message: 'No' } } : chatAnswer('Hi'),
            call.body['user'] === 'bad' ? 400 : 200,
            {
              'x-ratelimit-limit-requests': '77777',
              'x-ratelimit-remaining-tokens': '88888',
            },
          ),
      },
    )
    const common = {
      'x-litellm-key-rpm-limit': '10',
      'x-litellm-key-tpm-limit': '5000',
      'x-ratelimit-api_key-limit-requests': '10',
      'x-ratelimit-api_key-limit-tokens': '5000',
      'x-ratelimit-api_key-limit-max_parallel_requests': '4',
      'x-ratelimit-api_key-remaining-max_parallel_requests': '3',
      'x-ratelimit-team-limit-requests': '5',
      'x-ratelimit-limit-requests': '5',
      'x-ratelimit-reset-requests': '1m0s',
      'x-ratelimit-limit-tokens': '5000',
      'x-ratelimit-reset-tokens': '1m0s',
    }
    const answered = await ask('k')
    expect(answered.status).toBe(200)
    expect(limitHeaders(answered)).toEqual({
      ...common,
      'llm_provider-x-ratelimit-limit-requests': '77777',
      'llm_provider-x-ratelimit-remaining-tokens': '88888',
      'x-ratelimit-api_key-remaining-requests': '9',
      'x-ratelimit-team-remaining-requests': '4',
      'x-ratelimit-remaining-requests': '4',
      'x-ratelimit-api_key-remaining-tokens': '4990',
      'x-ratelimit-remaining-tokens': '4990',
    })
    const failed = await ask('k', { user: 'bad' })
    expect(failed.status).toBe(400)
    expect(limitHeaders(failed)).toEqual({
      ...common,
      'x-ratelimit-api_key-remaining-requests': '8',
      'x-ratelimit-team-remaining-requests': '3',
      'x-ratelimit-remaining-requests': '3',
      'x-ratelimit-api_key-remaining-tokens': '4990',
      'x-ratelimit-remaining-tokens': '4990',
    })
    const streamed = await ask('k', { stream: true, max_tokens: 100 })
    expect(streamed.headers.get('x-ratelimit-remaining-requests')).toBe('2')
    // A stream's head leaves with what is reserved: 4,990 less 100 and 22 of its text.
    expect(streamed.headers.get('x-ratelimit-remaining-tokens')).toBe('4868')
    await streamed.text()
  })
})

test('calls past the known endpoints obey as well; routes of plugins are not counted', async () => {
  const { gateway, upstream } = await limitedGateway({ k: caller([scope('key', key, { rpm: 2, tpm: 1000 })]) })
  const get = (path: string) => gateway.fetch(`http://gateway${path}`, { headers: { authorization: 'Bearer k' } })
  for (let i = 0; i < 3; i++) expect((await get('/v1/models')).status).toBe(200)
  const files = await get('/v1/files?model=m')
  expect(files.status).toBe(200)
  expect(files.headers.get('x-ratelimit-remaining-requests')).toBe('1')
  const embedding = await gateway.fetch('http://gateway/v1/moderations', {
    method: 'POST',
    headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', input: 'Hi' }),
  })
  expect(embedding.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  expect((await get('/v1/files?model=m')).status).toBe(429)
  expect(upstream.requests).toHaveLength(2)
})

test('LiteLLM’s settings are taken over', async () => {
  const gateway = await createGateway(
    { models: [{ name: 'm', model: 'mock/20-tokens', pace: 20, latency: 0 }] },
    {
      env: {},
      litellm: {
        'general_settings.global_max_parallel_requests': 1,
        'general_settings.token_rate_limit_type': 'output',
        'general_settings.fail_closed_rate_limit_enforcement': true,
      },
    },
  )
  expect(gateway.warnings).toEqual([])
  expect(gateway.config.plugins?.['rate-limit']).toEqual({ globalMaxParallel: 1, tokens: 'output', whenAway: true })
  await gateway.close()
})

test('what is counted is counted where the gateway says, and the store sees one step a call', async () => {
  const counters = createMemoryCounters(() => NOON)
  const add = vi.spyOn(counters, 'add')
  const { default: plugin } = await import('../../plugins/rate-limit/index.ts')
  const { CallContext, ClientLink } = await import('../../src/context.ts')
  const made = await plugin.setup(plugin.options.parse({}), { counters, models: { resolve: () => [] } } as never)
  const ctx = new CallContext(
    'id',
    { wire: 'openai.chat', model: 'm', body: {}, raw: 'x'.repeat(40) } as never,
    new ClientLink(),
    [],
  )
  ctx.principal = { id: 'k', role: 'user', scopes: [scope('key', 'k:1', { rpm: 5, tpm: 100, parallel: 2 })] }
  await made!.rateLimit!(ctx)
  expect(add).not.toHaveBeenCalled()
  const [reservation] = ctx.takeReservations()!
  const lease = expect.stringMatching(/^[0-9a-f-]{36}:0$/) as string
  expect(reservation!.ops as readonly Partial<WindowOp>[]).toEqual([
    { kind: 'window', key: 'limit:key:k%3A1:rpm', by: 1, limit: 5, windowMs: 60_000 },
    // 40 characters are 10 tokens; a guess takes at most a tenth of the limit.
    { kind: 'window', key: 'limit:key:k%3A1:tpm', by: 20, limit: 100, windowMs: 60_000 },
    { kind: 'lease', key: 'limit:key:k%3A1:parallel', by: 1, limit: 2, leaseId: lease, ttlMs: 60_000 },
  ])
  await made!.close?.()
})
