import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import budget from '../../../plugins/budget/index.ts'
import { createMemoryCounters } from '../../../src/counters/memory.ts'
import { CallContext, ClientLink } from '../../../src/context.ts'
import { takeReservations } from '../../../src/reservations.ts'
import { budgetWindow } from '../../../src/index.ts'
import type { Cost, GatewayContext, GatewayPlugin, Outcome, Scope, Target } from '../../../src/index.ts'

const RATE = 1000
const target = (group: string) => ({ id: group, group, model: group, deployment: { info: {} } }) as unknown as Target
const targets = { a: [target('a')], b: [target('b')] }
const rates = Object.fromEntries(
  [
    'input',
    'cacheRead',
    'cacheWrite',
    'cacheWrite1h',
    'audioInput',
    'imageInput',
    'output',
    'reasoning',
    'audioOutput',
    'imageOutput',
  ].map((name) => [name, RATE]),
)
const units = { request: 0, search: 0, second: 0, image: 0, imageInput: 0, pixel: 0, character: 0 }
const price = { source: 'deployment', tiers: [{ above: 0, ...rates }], units, free: false }

const budgets = [
  { id: 'hour', max: 2_000_000, window: '1h' },
  { id: 'ever', max: 5_000_000 },
  { id: 'b', max: 900_000, models: ['b'] },
]
const key: Scope = { kind: 'key', id: 'k', budgets }
const team: Scope = { kind: 'team', id: 't', budgets: [{ id: 'day', max: 3_000_000, window: '1d', soft: 1000 }] }

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      begin: fc.integer({ min: 1, max: 900 }),
      model: fc.constantFrom('a' as const, 'b' as const),
      scopes: fc.constantFrom<Scope[]>([key], [key, team], [team]),
    }),
  },
  { weight: 3, arbitrary: fc.record({ end: fc.nat({ max: 30 }), used: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  { weight: 1, arbitrary: fc.record({ pass: fc.constantFrom(1000, 60_000, 1_700_000) }) },
)

it('in no order of calls, ends and hours any budget is overspent, and nothing stays held', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        let now = Date.UTC(2026, 0, 1, 22, 40)
        vi.setSystemTime(now)
        const counters = createMemoryCounters(() => now)
        const gateway = {
          counters,
          config: {},
          models: { resolve: (model: 'a' | 'b') => targets[model] },
          prices: { of: () => price },
          emit() {},
        } as unknown as GatewayContext
        const plugin = (await budget.setup(budget.options.parse({}), gateway)) as GatewayPlugin
        const running: { ctx: CallContext; worst: number; scopes: Scope[]; model: string }[] = []
        const windows = new Map<string, number>()
        const spent = new Map<string, number>()

        const settle = (i: number, used: number) => {
          const [call] = running.splice(i, 1)
          const total = Math.floor(call!.worst * used)
          for (const scope of call!.scopes) {
            spent.set(scope.id, (spent.get(scope.id) ?? 0) + total)
          }
          const outcome = { status: 200, cost: { total } as Cost, target: targets[call!.model as 'a'][0] } as Outcome
          for (const fn of call!.ctx.takeSettle()) void fn(outcome)
        }
        const check = () => {
          for (const scope of [key, team]) {
            for (const { id, window, max } of scope.budgets!) {
              if (window) windows.set(`spend:${scope.kind}:${scope.id}:${id}:${budgetWindow(window, now).start}`, max!)
            }
          }
          windows.set('spend:key:k', 5_000_000).set('spend:key:k:b', 900_000)
          const held = counters.get([...windows.keys()]) as readonly number[]
          for (const [i, max] of [...windows.values()].entries()) expect(held[i]).toBeLessThanOrEqual(max)
        }

        for (const each of steps) {
          if ('pass' in each) {
            now += each.pass as number
            vi.setSystemTime(now)
            // A reservation lasts five minutes unless the node renews it; calls here end before.
            if ((each.pass as number) > 240_000) while (running.length > 0) settle(0, 0.5)
          } else if ('end' in each) {
            if (running.length > 0) settle((each.end as number) % running.length, each.used as number)
          } else {
            const { begin, model, scopes } = each as { begin: number; model: 'a' | 'b'; scopes: Scope[] }
            const body = { model, max_tokens: begin, messages: [] }
            const raw = JSON.stringify(body)
            const call = {
              wire: 'openai.chat',
              method: 'POST',
              path: '/chat/completions',
              model,
              stream: false,
              body,
              raw,
            }
            const ctx = new CallContext('same', { ...call, search: '', headers: new Headers() }, new ClientLink(), [])
            ctx.principal = { id: 'p', role: 'user', scopes }
            await plugin.budget!(ctx)
            try {
              await takeReservations(counters, ctx.takeReservations() ?? [])
              running.push({ ctx, worst: (raw.length + 64 + begin) * RATE, scopes, model })
            } catch (error) {
              expect(error).toMatchObject({ status: 429, code: 'budget_exceeded' })
              for (const fn of ctx.takeSettle()) void fn({ status: 429 } as Outcome)
            }
          }
          check()
        }
        while (running.length > 0) settle(0, 1)
        check()
        const totals = ['spend:key:k', 'spend:team:t']
        expect(counters.get(totals)).toEqual([spent.get('k') ?? 0, spent.get('t') ?? 0])
        expect(counters.get([...windows.keys()])).toEqual(counters.get([...windows.keys()], 'settled'))
        await plugin.close?.()
      }),
      { numRuns: 150 },
    )
  } finally {
    vi.useRealTimers()
  }
})
