import type { ScopeKind } from './types/governance.ts'

/**
 * The counter of what a scope has spent in all, in nano-dollars; `get([key], 'settled')` reads it without what running
 * calls have reserved. The same for every ordinary id as `spend:<kind>:<id>`; what would run into the parts of other
 * keys (an end user's id is the caller's own text) is escaped.
 */
export function spendKey(kind: ScopeKind, id: string): string {
  return `spend:${kind}:${id.replaceAll(/[%:]/g, (char) => (char === ':' ? '%3A' : '%25'))}`
}
