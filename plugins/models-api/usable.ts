import { matchesAny } from '../../src/index.ts'
import type { ModelTable, Principal } from '../../src/index.ts'

/**
 * The model names a caller may use: those the gateway lists and the caller is allowed, and the caller's own names and
 * patterns that lead somewhere (`openai/gpt-4o` where only `openai/*` is declared).
 */
export function usableNames(models: ModelTable, principal: Principal | undefined): string[] {
  const listed = models.names().filter((name) => mayUse(models, principal, name))
  const own = (principal?.models ?? []).filter((name) => name !== '*' && models.resolve(name).length > 0)
  return [...new Set([...listed, ...own])]
}

/** Whether a name leads to a deployment that the caller may use. The rule of the `model-route` plugin. */
export function mayUse(models: ModelTable, principal: Principal | undefined, name: string): boolean {
  const found = models.resolve(name)
  if (found.length === 0) return false
  const allowed = principal?.models
  return !allowed || matchesAny(allowed, name) || matchesAny(allowed, found[0]!.group)
}
