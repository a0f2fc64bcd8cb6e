import { describe, expect, test } from 'vitest'
import { definePlugin, z } from '../../src/index.ts'
import type { GatewayConfig } from '../../src/index.ts'
import { flakyGateway, flakyModels } from '../support/flaky.ts'
import type { Turn } from '../support/flaky.ts'

const models = flakyModels({ m: ['a'], n: ['b1', 'b2'], large: ['c'], mild: ['d'], last: ['e'] })
const context: Turn = { status: 400, code: 'context_length_exceeded' }
const policy: Turn = { status: 400, code: 'content_policy_violation' }

function config(fallback: Record<string, unknown> = {}, more: GatewayConfig = {}): GatewayConfig {
  return { models, ...more, plugins: { retry: { retries: 0 }, fallback, ...more.plugins } as never }
}

const all = {
  fallbacks: [{ m: ['n', 'last'] }],
  contextWindow: [{ m: ['large'] }],
  contentPolicy: [{ m: ['mild'] }],
}

describe('when a group fails', () => {
  test.each<[string, (Turn | number)[], string[], string]>([
    ['any failure goes to the general fallbacks', [500], ['a', 'b1'], 'b1'],
    ['a rate limit too', [429], ['a', 'b1'], 'b1'],
    ['a dead key too', [401], ['a', 'b1'], 'b1'],
    ['a missing model too', [404], ['a', 'b1'], 'b1'],
    ['a prompt that is too long goes to its own', [context], ['a', 'c'], 'c'],
    ['a prompt that is refused goes to its own', [policy], ['a', 'd'], 'd'],
    ['a wrong request goes nowhere', [400], ['a'], 'a failed'],
  ])('%s', async (_name, turns, wanted, said) => {
    const { ask, asked } = await flakyGateway(config(all), { a: turns.map((turn) => turn), b1: [200] })
    const answer = await ask('m')
    expect(answer.said).toContain(said)
    expect(asked).toEqual(wanted)
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe(asked.length > 1 ? '1' : null)
  })

  test('they are walked in order, each with its own deployments and retries', async () => {
    const { ask, asked } = await flakyGateway(config(all, { plugins: { retry: { retries: 1, minDelay: 0 } } }), {
      a: [500],
      b1: [500],
      b2: [500],
    })
    expect((await ask('m')).said).toBe('e')
    expect(asked).toEqual(['a', 'a', 'b1', 'b2', 'e'])
  })

  test('when all fail, the first failure is told', async () => {
    const { ask } = await flakyGateway(config(all), {
      a: [{ status: 503, code: 'first' }],
      b1: [500],
      b2: [500],
      e: [429],
    })
    expect(await ask('m')).toMatchObject({ status: 503, said: 'first' })
  })

  test('general ones stand in where there are none of the kind', async () => {
    const { ask, asked } = await flakyGateway(config({ fallbacks: [{ m: ['last'] }] }), { a: [context] })
    expect((await ask('m')).said).toBe('e')
    expect(asked).toEqual(['a', 'e'])
  })

  test('* is any group, and the default comes last', async () => {
    const { ask, asked } = await flakyGateway(config({ fallbacks: [{ '*': ['large'] }], default: ['last'] }), {
      a: [500],
      c: [500],
    })
    expect((await ask('m')).said).toBe('e')
    expect(asked).toEqual(['a', 'c', 'e'])
  })

  test('a group is no fallback of its own, unknown ones are passed over', async () => {
    const { ask, asked } = await flakyGateway(config({ fallbacks: [{ m: ['m', 'nobody', 'last'] }] }), { a: [500] })
    expect((await ask('m')).said).toBe('e')
    expect(asked).toEqual(['a', 'e'])
  })

  test('a fallback has fallbacks of its own, before the others of its list', async () => {
    const chain = [{ m: ['n', 'last'] }, { n: ['large', 'm'] }, { large: ['mild', 'n'] }]
    const { ask, asked } = await flakyGateway(config({ fallbacks: chain }), {
      a: [500],
      b1: [500],
      b2: [500],
      c: [500],
      d: [500],
    })
    const answer = await ask('m')
    expect(answer.said).toBe('e')
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('4')
    expect(asked).toEqual(['a', 'b1', 'c', 'd', 'e'])
  })

  test('an alias can have its own, or those of the group behind it', async () => {
    const aliases = { own: 'm', other: 'm' }
    const lists = { fallbacks: [{ own: ['last'] }] }
    const alone = await flakyGateway(config(lists, { aliases }), { a: [500] })
    expect([(await alone.ask('own')).said, (await alone.ask('other')).status]).toEqual(['e', 500])
    const behind = await flakyGateway(config({ fallbacks: [{ m: ['large'] }] }, { aliases }), { a: [500] })
    expect((await behind.ask('own')).said).toBe('c')
  })

  test('one that is named twice is one', async () => {
    const lists = { fallbacks: [{ m: ['last'] }], default: ['last'] }
    const { ask, asked } = await flakyGateway(config(lists), { a: [500], e: [401] })
    expect((await ask('m', { fallbacks: ['last'], num_retries: 2 })).status).toBe(500)
    expect(asked.filter((name) => name === 'e')).toHaveLength(1)
  })

  test('at most so many', async () => {
    const { ask, asked } = await flakyGateway(config(all, { plugins: { retry: { retries: 0, maxFallbacks: 1 } } }), {
      a: [500],
      b1: [500],
      b2: [500],
    })
    expect((await ask('m')).status).toBe(500)
    expect(asked).toEqual(['a', 'b1'])
  })
})

describe('the request’s own', () => {
  test('are tried first, as names or objects', async () => {
    const { ask, asked } = await flakyGateway(config(all), { a: [500], c: [500] })
    expect((await ask('m', { fallbacks: ['large', { model: 'mild' }] })).said).toBe('d')
    expect(asked).toEqual(['a', 'c', 'd'])
  })

  test('a larger model for long prompts', async () => {
    const { ask, asked } = await flakyGateway(config(), { a: [context] })
    expect((await ask('m', { context_window_fallback_dict: { m: 'large' } })).said).toBe('c')
    expect(asked).toEqual(['a', 'c'])
  })

  test('can switch them off', async () => {
    const { ask, asked } = await flakyGateway(config(all), { a: [500] })
    expect((await ask('m', { disable_fallbacks: true })).status).toBe(500)
    expect(asked).toEqual(['a'])
  })

  test.each([
    ['last', 'fallbacks'],
    [[1], 'fallbacks[0]'],
    [['last', {}], 'fallbacks[1]'],
    [[['last']], 'fallbacks[0]'],
    [[{ model: 'last', messages: [{ role: 'user', content: 'Other' }] }], 'fallbacks[0].messages'],
  ])('%j is refused', async (fallbacks, param) => {
    const { ask, asked } = await flakyGateway(config(all), {})
    const answer = await ask('m', { fallbacks })
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text)).toMatchObject({ error: { param } })
    expect(asked).toEqual([])
  })

  test('never reach the provider', async () => {
    const { ask } = await flakyGateway(config(all), {})
    expect((await ask('m', { fallbacks: ['last'], disable_fallbacks: true, num_retries: 1 })).status).toBe(200)
  })
})

test('a key that may not use a model does not get it as a fallback either', async () => {
  const limited = definePlugin({
    name: 'limited',
    options: z.object({}),
    setup: () => ({
      auth: (ctx) => {
        ctx.principal = { id: 'limited', role: 'user', models: ['m', 'la*'] }
      },
    }),
  })
  const { ask, asked } = await flakyGateway(config({ fallbacks: [{ m: ['n', 'last'] }] }, { use: [limited] }), {
    a: [500],
  })
  expect((await ask('m', { fallbacks: ['large', 'mild'] })).said).toBe('c')
  expect(asked).toEqual(['a', 'c'])
  expect(await ask('n')).toMatchObject({ status: 403, said: 'model_access_denied' })
})
