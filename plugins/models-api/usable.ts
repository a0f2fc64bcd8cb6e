import { mayUseModel, resolveAlias } from '../../src/index.ts'
import type { ModelTable, Principal } from '../../src/index.ts'

/**
 * The model names a caller may use: those the gateway lists and the caller is allowed, and the caller's own names and
 * patterns that lead somewhere (`openai/gpt-4o` where only `openai/*` is declared).
 */
export function usableNames(models: ModelTable, principal: Principal | undefined): string[] {
  const listed = models.names().filter((name) => mayUse(models, principal, name))
  const lists = [...(principal?.models ?? []), ...(principal?.modelLists?.flat() ?? [])]
  const named = [...lists, ...Object.keys(principal?.aliases ?? {})]
  const own = named.filter((name) => name !== '*' && mayUse(models, principal, name))
  return [...new Set([...listed, ...own])]
}

/** Whether a name leads to a deployment that the caller may use. The rule of the `model-route` plugin. */
export function mayUse(models: ModelTable, principal: Principal | undefined, name: string): boolean {
  const model = resolveAlias(principal, name)
  const found = models.resolve(model)
  return found.length > 0 && mayUseModel(principal, model, found)
}
