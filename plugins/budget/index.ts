import { definePlugin } from '../../src/index.ts'
import type { Context, Scope } from '../../src/index.ts'
import { createAccounts } from './accounts.ts'
import type { ScopeAccounts } from './accounts.ts'
import { attempt } from './attempt.ts'
import type { CallState } from './call-state.ts'
import { createCrossings } from './crossings.ts'
import { options } from './options.ts'
import type { BudgetOptions } from './options.ts'
import { renewReservations } from './renew.ts'
import { Running } from './running.ts'
import { keyMaximum, keyTotal, reserveCall, tellSpend } from './reserve.ts'
import type { Desk } from './reserve.ts'
import { countCall, report, settleCall } from './settle.ts'

const NONE: readonly ScopeAccounts[] = []

/** On the call itself: what a WeakMap holds by it outlives every scavenge, and takes the whole call along. */
const STATE = Symbol('budget')
type WithState = Context & { [STATE]?: CallState }

/** Budgets that parallel calls cannot overspend: each call reserves its worst case before, and settles its cost after. */
export default definePlugin({
  name: 'budget',
  description: 'Keeps keys, teams, users and the whole gateway within their budgets, and counts what they spend',
  // Inside of `retry` and `cache`: each attempt is looked at, a cached answer is none.
  order: 'post',
  options,
  litellm: {
    'litellm_settings.max_budget': 'max',
    'litellm_settings.budget_duration': 'window',
    'litellm_settings.timezone': 'timezone',
  },
  setup(given, gateway) {
    const accounts = createAccounts(given.timezone)
    const own = wholeGateway(given)
    const always = own ? [accounts.of(own)] : NONE
    const beside = new Set<PromiseLike<unknown>>()
    const desk: Desk = {
      gateway,
      options: given,
      accounts,
      crossings: createCrossings(gateway),
      running: new Running<CallState>(),
      timeout: gateway.config.timeout ?? 600,
      track(work) {
        beside.add(work)
        const done = () => void beside.delete(work)
        work.then(done, (error: unknown) => {
          done()
          report(error)
        })
      },
    }
    const renewal = renewReservations(gateway.counters, desk.running, report)
    const scopesOf = ({ principal }: Context): readonly ScopeAccounts[] =>
      principal?.scopes === undefined || principal.scopes.length === 0
        ? always
        : principal.scopes.map((scope) => accounts.of(scope)).concat(always)

    return {
      budget(ctx) {
        const scopes = scopesOf(ctx)
        if (scopes.length === 0) return
        const max = keyMaximum(scopes)
        if (max !== undefined) ctx.headers['x-litellm-key-max-budget'] = max
        if (!scopes.some(({ hard }) => hard)) {
          if (ctx.call.stream) tellSpend(ctx, keyTotal(scopes)?.heard)
          ctx.onSettle((outcome) => countCall(desk, ctx, { scopes, outcome }))
          return
        }
        const state = reserveCall(desk, ctx, scopes)
        ;(ctx as WithState)[STATE] = state
        ctx.onSettle((outcome) => settleCall(desk, state, outcome))
      },
      provider(ctx, target, next) {
        const state = (ctx as WithState)[STATE]
        return state ? attempt(desk, state, target, next) : next(target)
      },
      async close() {
        renewal.stop()
        while (beside.size > 0) await Promise.allSettled(beside)
      },
    }
  },
})

function wholeGateway({ max, window }: BudgetOptions): Scope | undefined {
  // LiteLLM's default is written as 0.
  if (max === undefined || max === 0) return undefined
  return { kind: 'global', id: 'gateway', budgets: [{ id: 'default', max: Math.round(max * 1e9), window }] }
}
