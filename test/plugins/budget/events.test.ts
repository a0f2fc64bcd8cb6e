import { expect, it, vi } from 'vitest'
import { createGateway, definePlugin, logger, z } from '../../../src/index.ts'
import { budgetGateway, hard, keyScope, usd } from './support.ts'

it('each crossing is told once per window and budget', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1, 12) })
  try {
    const budgets = [hard(0.1, { id: 'day', window: '1d', soft: usd(0.02) })]
    const under = await budgetGateway([{ kind: 'team', id: 't1', name: 'Team one', budgets }])
    under.as({ team: 't1', user: 'u1', scopes: [{ kind: 'team', id: 't1', name: 'Team one', budgets }] })
    const spend = async () => {
      while ((await under.ask({ max_tokens: 50 })).status === 200);
      await new Promise((resolve) => setTimeout(resolve, 10))
      return under.events.splice(0).map(({ type, budget }) => [type, budget!.threshold, budget!.spend / 5_000_006])
    }
    const all = [
      ['soft_budget_crossed', undefined, 4],
      ['threshold_crossed', 0.85, 17],
      ['threshold_crossed', 0.95, 19],
      // Nothing more fits: it is spent, though not to the last cent.
      ['budget_crossed', 1, 19],
    ]
    expect(await spend()).toEqual(all)
    expect(await spend()).toEqual([])
    vi.setSystemTime(Date.UTC(2026, 0, 2))
    await under.ask({ max_tokens: 50 })
    expect((await spend()).map(([type]) => type)).toEqual(all.map(([type]) => type))
  } finally {
    vi.useRealTimers()
  }
})

it('an event says whose budget it is, and nothing of the one key that called for a team', async () => {
  const budgets = [{ id: 'soft', soft: usd(0.001), window: '1mo', models: ['m'] }]
  const under = await budgetGateway([])
  under.as({ team: 't1', user: 'u1', scopes: [{ kind: 'team', id: 't1', name: 'Team one', budgets }] })
  expect((await under.ask()).status).toBe(200)
  await vi.waitFor(() => expect(under.events).toHaveLength(1))
  expect(under.events[0]).toEqual({
    type: 'soft_budget_crossed',
    at: expect.any(Number),
    message: 'Soft Budget Crossed: Team=Team one has spent $0.005000006; its soft budget is $0.001 per 1mo.',
    scope: { kind: 'team', id: 't1', name: 'Team one', user: undefined, team: 't1', organization: undefined },
    budget: {
      id: 'soft',
      spend: 5_000_006,
      max: undefined,
      soft: 1_000_000,
      threshold: undefined,
      window: { duration: '1mo', start: expect.any(Number), end: expect.any(Number) },
      models: ['m'],
    },
  })
})

it('what running calls hold is no spend, and a refused call is none of a budget that is not spent', async () => {
  const under = await budgetGateway([keyScope({ budgets: [hard(0.012)] })])
  expect((await under.ask({ max_tokens: 110 })).status).toBe(200)
  expect((await under.ask({ max_tokens: 100_000 })).status).toBe(429)
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(under.events).toEqual([])
})

it('a plugin that fails to take an event is counted and in nobody’s way', async () => {
  const error = vi.spyOn(logger, 'error').mockImplementation(() => {})
  const got: string[] = []
  let emit: ((type: string) => void) | undefined
  const gateway = await createGateway(
    {
      use: [
        definePlugin({
          name: 'fails',
          options: z.object({}),
          setup: (_options, context) => {
            emit = (type) => context.emit({ type, at: 1, message: 'It happened.' })
            return { event: () => Promise.reject(new Error('I cannot')) }
          },
        }),
        definePlugin({
          name: 'raises-at-the-end',
          options: z.object({}),
          setup: (_options, context) => ({
            close: () => context.emit({ type: 'closing', at: 2, message: 'It closes.' }),
          }),
        }),
        definePlugin({
          name: 'takes',
          options: z.object({}),
          setup: () => ({ event: ({ type }) => void got.push(type), close: () => void got.push('closed') }),
        }),
      ],
    },
    { env: {} },
  )
  emit!('mine')
  expect(got).toEqual([])
  await gateway.close()
  expect(got).toEqual(['mine', 'closing', 'closed'])
  expect(error.mock.calls.map(([text]) => text)).toEqual(['events of fails failed:', 'events of fails failed:'])
  error.mockRestore()
})
