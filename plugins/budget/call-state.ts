import { resolveAlias } from '../../src/index.ts'
import type { Context, LeaseOp, Settlement, Target } from '../../src/index.ts'
import { lifeOf, limitOf } from './accounts.ts'
import type { Account, ScopeAccounts } from './accounts.ts'
import type { CallSize } from './call-size.ts'
import type { Listed } from './running.ts'

/** A call's part of an account: the counter that it began in, also when the window ends before it does. */
export interface Hold {
  readonly account: Account
  readonly key: string
  /** What may be in it at most. */
  readonly limit: number
  /** Of the total, milliseconds from when the call took it. */
  readonly lifeMs: number
}

/** What a call under a budget holds. */
export interface CallState extends Listed<CallState> {
  readonly ctx: Context
  readonly scopes: readonly ScopeAccounts[]
  /** Its own, not the call's id: callers choose that, and two calls with one lease would hold half. */
  readonly leaseId: string
  readonly size: CallSize
  /** Candidates whose worst case is covered. */
  covered: readonly Target[]
  holds: readonly Hold[]
  /** Nano-dollars that every hold under a limit has. */
  reserved: number
  /** `away`: the store was not there, and the call went on. */
  taken: 'no' | 'yes' | 'away'
  renewedAt: number
  /** The key's total before this call, as far as known. */
  keySpend: number | undefined
}

/** A reservation ends by itself after this, where its node dies. */
export const LEASE_MS = 300_000

/** The accounts that a call at some targets counts in. */
export function accountsFor(
  scopes: readonly ScopeAccounts[],
  ctx: Context,
  targets: readonly (Target | undefined)[],
): Account[] {
  const accounts: Account[] = []
  let names: ReadonlySet<string> | undefined
  for (const scope of scopes) {
    for (const account of scope.all) {
      if (account.matches === undefined || some((names ??= namesOf(ctx, targets)), account.matches))
        accounts.push(account)
    }
  }
  return accounts
}

/** A fallback is called by its own name only; the model that was asked for, by all that it has. */
export function namesOf(ctx: Context, targets: readonly (Target | undefined)[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const target of targets) {
    if (!target) continue
    names.add(target.group)
    if (target.fallbackFor === undefined) names.add(ctx.call.model).add(resolveAlias(ctx.principal, ctx.call.model))
  }
  return names
}

/** What is taken of the counters: the amount where there is a limit, else only the right to count once. */
export function toLeases(holds: readonly Hold[], leaseId: string, amount: number): LeaseOp[] {
  return holds.map(({ key, limit }) => ({
    kind: 'lease',
    key,
    by: limit === Infinity ? 0 : amount,
    limit,
    leaseId,
    ttlMs: LEASE_MS,
  }))
}

/** What a call holds of accounts. Two that are one counter (an owner named twice) are held once, by the smaller limit. */
export function toHolds(accounts: readonly Account[], keyAt: (account: Account, now: number) => string): Hold[] {
  const now = Date.now()
  const holds: Hold[] = []
  for (const account of accounts) {
    const key = keyAt(account, now)
    const hold = { account, key, limit: limitOf(account, now), lifeMs: lifeOf(account, now) }
    let same = 0
    while (same < holds.length && holds[same]!.key !== key) same++
    if (same === holds.length || hold.limit < holds[same]!.limit) holds[same] = hold
  }
  return holds
}

/** The leases replaced by the cost, where the model that answered counts. */
export function toSettlements(holds: readonly Hold[], leaseId: string | undefined, amount: (hold: Hold) => number) {
  return holds.map((hold): Settlement => ({ key: hold.key, leaseId, by: amount(hold), ttlMs: hold.lifeMs }))
}

export function some(names: ReadonlySet<string>, test: (name: string) => boolean): boolean {
  for (const name of names) if (test(name)) return true
  return false
}
