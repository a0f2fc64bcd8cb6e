import type { BudgetFields } from '../types/directory.ts'
import type { Scope } from '../types/governance.ts'
import type { ScopeSource } from './to-scopes.ts'
import { budgetFieldsToScope } from './to-scopes.ts'

/** Scopes by the document they come from: who limits keeps what it compiled per scope object. */
const known = new WeakMap<object, Map<string, { readonly budget: BudgetFields | undefined; readonly scope: Scope }>>()

/**
 * The scope of a document and of the budget it refers to: the same object as long as these are.
 * @param document what the scope is remembered by; objects of the directory are replaced when they change
 */
export function scopeOf(document: object, budget: BudgetFields | undefined, source: ScopeSource): Scope {
  let scopes = known.get(document)
  if (!scopes) known.set(document, (scopes = new Map()))
  const name = `${source.kind}:${source.budgets !== false}:${source.id}`
  const found = scopes.get(name)
  if (found && found.budget === budget) return found.scope
  const scope = budgetFieldsToScope(source)
  scopes.set(name, { budget, scope })
  return scope
}
