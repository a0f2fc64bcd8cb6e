import { GatewayError, formatUSD } from '../../src/index.ts'
import type { Scope, ScopeKind } from '../../src/index.ts'
import { maxOf } from './accounts.ts'
import type { Hold } from './call-state.ts'

/** LiteLLM's words for whose budget it is. */
const OWNERS: Readonly<Record<ScopeKind, string>> = {
  key: 'Key',
  team: 'Team',
  team_member: 'Team Member',
  user: 'User',
  end_user: 'End User',
  organization: 'Organization',
  global: 'Gateway',
}

const DAY_S = 86_400
const HASH = /^[0-9a-f]{64}$/

export interface RefusalFacts {
  /** Nano-dollars that the call wants at most. */
  readonly wanted: number
  /** What ended calls have cost, and what running ones have reserved besides. */
  readonly spent: number
  readonly reserved: number
  readonly now: number
}

/** 429 that says whose budget it is, and whether it is spent, too small for this call, or held by calls that run. */
export function budgetExceeded(hold: Hold, facts: RefusalFacts): GatewayError {
  const { wanted, spent, reserved, now } = facts
  const { account, limit } = hold
  const left = Math.max(0, limit - spent)
  const busy = left >= wanted
  const parts = [
    `Budget has been exceeded! ${ownerOf(account.scope)} Current cost: ${formatUSD(spent)}, Max budget: ${formatUSD(limit)}${qualifiers(hold, now)}.`,
  ]
  if (busy) {
    parts.push(
      `Calls that are running have reserved $${formatUSD(reserved)} of what is left, and the worst case of this call is ` +
        `$${formatUSD(wanted)}: try again shortly, or lower max_tokens.`,
    )
  } else if (left > 0) {
    parts.push(
      `The $${formatUSD(left)} that are left do not cover the worst case of this call ($${formatUSD(wanted)}): lower max_tokens.`,
    )
  }
  const end = account.window === undefined ? undefined : account.end
  const untilEnd = end === undefined ? undefined : Math.min(DAY_S, Math.max(1, (end - now) / 1000))
  return new GatewayError(429, parts.join(' '), {
    type: 'budget_exceeded',
    code: 'budget_exceeded',
    retryAfter: busy ? 1 : untilEnd,
    headers: {
      rate_limit_type: 'budget',
      ...(end === undefined ? {} : { reset_at: new Date(end).toISOString() }),
    },
  })
}

/** `Key=my key`: the alias, or the beginning of a hash. */
export function ownerOf({ kind, id, name }: Pick<Scope, 'kind' | 'id' | 'name'>): string {
  if (kind === 'global') return OWNERS[kind]
  return `${OWNERS[kind]}=${name ?? (HASH.test(id) ? `${id.slice(0, 8)}…` : id)}`
}

function qualifiers({ account, limit }: Hold, now: number): string {
  const budget = account.budgets.find((each) => maxOf(each, now) === limit) ?? account.budgets[0]
  const models = budget?.models ? ` for ${budget.models.join(', ')}` : ''
  if (account.window === undefined) return models
  return `${models} per ${account.window} (until ${new Date(account.end).toISOString()})`
}
