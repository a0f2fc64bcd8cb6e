import { describe, expect, test } from 'vitest'
import { caller, errorOf, limitHeaders, limitedGateway, scope } from './limited.ts'

const key = 'a'.repeat(64)

describe('limits of a model', () => {
  test('hold for that model alone, and their headers have safe names', async () => {
    const { ask, statuses } = await limitedGateway(
      { k: caller([scope('key', key, { models: { 'vendor/m:1': { rpm: 2, tpm: 1000 } } }, 'nightly')]) },
      {
        config: { models: ['vendor/m:1', 'other'].map((name) => ({ name, model: 'mock/echo', pace: 0, latency: 0 })) },
      },
    )
    const first = await ask('k', { model: 'vendor/m:1', max_tokens: 10 })
    const usage = ((await first.json()) as { usage: { total_tokens: number } }).usage.total_tokens
    const left = String(1000 - usage)
    expect(limitHeaders(first)).toEqual({
      'x-ratelimit-model_per_key-limit-requests': '2',
      'x-ratelimit-model_per_key-remaining-requests': '1',
      'x-ratelimit-model_per_key-limit-tokens': '1000',
      'x-ratelimit-model_per_key-remaining-tokens': left,
      'x-litellm-key-remaining-requests-vendor-m-1': '1',
      'x-litellm-key-remaining-tokens-vendor-m-1': left,
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': '1m0s',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': left,
      'x-ratelimit-reset-tokens': '1m0s',
    })
    expect(await statuses('k', 2, { model: 'vendor/m:1' })).toEqual([200, 429])
    expect(await statuses('k', 3, { model: 'other' })).toEqual([200, 200, 200])
    const refused = await errorOf(await ask('k', { model: 'vendor/m:1' }))
    expect(refused['message']).toContain(
      'Rate limit exceeded for model_per_key: nightly:vendor/m:1. Limit type: requests.',
    )
  })

  test('no other name of the model gets around them', async () => {
    const limits = { models: { m: { rpm: 1 } } }
    const callers = Object.fromEntries(
      ['alias', 'house', 'id', 'other'].map((name) => [
        name,
        caller([scope('key', name, limits)], { aliases: { mine: 'm' } }),
      ]),
    )
    const { statuses } = await limitedGateway(callers, {
      config: {
        models: [
          { name: 'm', id: 'm-1', model: 'mock/echo', pace: 0, latency: 0 },
          { name: 'other', model: 'mock/echo', pace: 0, latency: 0 },
        ],
        aliases: { house: 'm' },
      },
    })
    for (const [name, model] of [
      ['alias', 'mine'],
      ['house', 'house'],
      ['id', 'm-1'],
    ] as const) {
      expect(await statuses(name, 1, { model: 'm' }), name).toEqual([200])
      expect(await statuses(name, 1, { model }), name).toEqual([429])
    }
    expect(await statuses('other', 2, { model: 'other' })).toEqual([200, 200])
  })

  test('patterns count all that they match together', async () => {
    const { statuses } = await limitedGateway(
      { k: caller([scope('team', 't', { models: { 'mock/*': { rpm: 2 } } })]) },
      { config: { models: [{ name: 'mock/*', model: 'mock/*', pace: 0, latency: 0 }] } },
    )
    expect(await statuses('k', 1, { model: 'mock/echo' })).toEqual([200])
    expect(await statuses('k', 2, { model: 'mock/20-tokens' })).toEqual([200, 429])
  })
})
