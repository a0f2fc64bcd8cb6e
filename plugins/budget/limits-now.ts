import { callerNow } from '../../src/index.ts'
import { limitOf } from './accounts.ts'
import type { Account } from './accounts.ts'
import type { CallState, Hold } from './call-state.ts'
import type { Desk } from './reserve.ts'

/**
 * What a call holds, under the limits of now: more must not be reserved on a budget that was lowered since the call began, and
 * one that was raised lets it go on. Budgets that were added since are for the calls that follow.
 */
export async function holdsNow({ accounts }: Desk, { ctx, holds }: CallState): Promise<readonly Hold[]> {
  const scopes = (ctx.principal && (await callerNow(ctx.principal)).scopes) ?? []
  const now = Date.now()
  return holds.map((hold) => {
    const { kind, id, spentAs = id } = hold.account.scope
    const scope = scopes.find((one) => one.kind === kind && (one.spentAs ?? one.id) === spentAs)
    // The gateway's own budget; an owner that is gone, or another's by now.
    if (!scope) return { ...hold, limit: limitOf(hold.account, now) }
    const account = accounts.of(scope).all.find((one) => isSame(one, hold.account))
    return { ...hold, limit: account ? limitOf(account, now) : Infinity }
  })
}

/** Whether both count the same, in whichever window. */
function isSame(a: Account, b: Account): boolean {
  const total = isTotal(a)
  return total === isTotal(b) && (total || a.budgets[0]?.id === b.budgets[0]?.id)
}

function isTotal({ window, matches }: Account): boolean {
  return window === undefined && matches === undefined
}
