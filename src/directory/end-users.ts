import type { Awaitable } from '../types/call.ts'
import type { BudgetDocument, CustomerDocument, Directory } from '../types/directory.ts'
import type { Scope } from '../types/governance.ts'
import type { Principal } from '../types/lifecycle.ts'
import { StoreAway } from '../counters/store-away.ts'
import { callerNow, findCallerBy } from '../caller-now.ts'
import { GatewayError } from '../error.ts'
import { scopeOf } from './scope-of.ts'

/** The end users that callers name. */
export interface EndUsers {
  /**
   * The principal of a call for an end user: the key's own, and what the end user's limits and budgets add. Throws a 403
   * for one that is blocked.
   */
  join(principal: Principal, endUser: string): Awaitable<Principal>
}

export interface EndUserOptions {
  /** The default budget (LiteLLM's `max_end_user_budget_id`). */
  readonly budgetId: string | undefined
  /** What a store that is away means for an end user who is not known here: `open` no limits, `closed` a rejection. */
  readonly whenAway: 'open' | 'closed'
}

/** Scopes of end users without a document are made from ids that clients choose: only so many are remembered. */
const MOST = 10_000

/**
 * What end users add to the callers who name them, however those are known (keys, tokens of an identity provider). End users with
 * a document keep its limits and budgets; all others those of the default budget, if there is one.
 */
export function createEndUsers(directory: Directory, { budgetId, whenAway }: EndUserOptions): EndUsers {
  const merged = new WeakMap<Principal, WeakMap<Scope, Principal>>()
  const loose = new WeakMap<BudgetDocument, Map<string, Scope>>()

  const joinScope = (principal: Principal, endUser: string, scope: Scope): Principal => {
    let scopes = merged.get(principal)
    if (!scopes) merged.set(principal, (scopes = new WeakMap()))
    let one = scopes.get(scope)
    if (!one) {
      one = Object.freeze({ ...principal, endUser, scopes: Object.freeze([...(principal.scopes ?? []), scope]) })
      findCallerBy(one, async () => join(await callerNow(principal), endUser))
      scopes.set(scope, one)
    }
    return one
  }

  const withBudget = (
    principal: Principal,
    { endUser, customer, budget }: { endUser: string; customer?: CustomerDocument; budget: BudgetDocument | undefined },
  ): Principal => {
    if (customer) {
      const fields = [customer, budget]
      const source = { kind: 'end_user', id: endUser, name: customer.alias, fields } as const
      return joinScope(principal, endUser, scopeOf(customer, budget, source))
    }
    if (!budget) return principal
    let scopes = loose.get(budget)
    if (!scopes) loose.set(budget, (scopes = new Map()))
    let scope = scopes.get(endUser)
    if (!scope) {
      scope = scopeOf({}, budget, { kind: 'end_user', id: endUser, fields: [budget] })
      scopes.set(endUser, scope)
      if (scopes.size > MOST) scopes.delete(scopes.keys().next().value!)
    }
    return joinScope(principal, endUser, scope)
  }

  const admit = (principal: Principal, endUser: string, customer: CustomerDocument | undefined) => {
    if (customer?.blocked) {
      throw new GatewayError(403, 'This end user is blocked.', { type: 'auth_error', code: 'end_user_blocked' })
    }
    const id = customer?.budget_id ?? (customer && hasLimits(customer) ? undefined : budgetId)
    if (id === undefined || id === null) {
      return customer ? withBudget(principal, { endUser, customer, budget: undefined }) : principal
    }
    const finish = (budget: BudgetDocument | undefined) =>
      withBudget(principal, { endUser, budget, ...(customer ? { customer } : {}) })
    const budget = directory.get('budget', id)
    return isPromise(budget) ? budget.then(finish) : finish(budget)
  }

  const join: EndUsers['join'] = (principal, endUser) => {
    const customer = directory.get('customer', endUser)
    const joined = isPromise(customer)
      ? customer.then((found) => admit(principal, endUser, found))
      : admit(principal, endUser, customer)
    if (!isPromise(joined)) return joined
    return joined.then(undefined, (error: unknown) => {
      if (whenAway === 'open' && error instanceof StoreAway) return principal
      throw error
    })
  }
  return { join }
}

/** Whether an end user has anything of its own, so that the default budget is not meant for it. */
function hasLimits(customer: CustomerDocument): boolean {
  const { max_budget, soft_budget, budget_limits, model_max_budget, tpm_limit, rpm_limit } = customer
  const { max_parallel_requests: parallel, model_rpm_limit, model_tpm_limit } = customer
  const own = [max_budget, soft_budget, budget_limits, model_max_budget, tpm_limit, rpm_limit, parallel]
  return [...own, model_rpm_limit, model_tpm_limit].some((value) => value !== null && value !== undefined)
}

function isPromise<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
