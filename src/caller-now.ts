import type { Awaitable } from './types/call.ts'
import type { Principal } from './types/lifecycle.ts'

type Find = () => Awaitable<Principal | undefined>

/** Beside the principals, not on them: they are compared, copied and logged. */
const finders = new WeakMap<Principal, Find>()

/**
 * Says how a caller is found again. A principal stays as it was when its call began; budgets may change while it runs.
 * @param principal one that many calls share: what is kept for it lives as long as it does
 */
export function findCallerBy(principal: Principal, find: Find): Principal {
  finders.set(principal, find)
  return principal
}

/** A caller as it is now; as it was where nobody can say. */
export async function callerNow(principal: Principal): Promise<Principal> {
  try {
    return (await finders.get(principal)?.()) ?? principal
  } catch {
    // Refused by now, or not to be looked up: the call was admitted, and goes on under what it began with.
    return principal
  }
}
