import type { Principal } from './types/lifecycle.ts'
import type { Target } from './types/provider.ts'
import { compilePattern } from './model-pattern.ts'

/** Entries that admit every model of the gateway (LiteLLM's names for it). */
const EVERYTHING = new Set(['*', 'all-proxy-models', 'all-team-models'])
/** Admits nothing by itself. */
const NOTHING = 'no-default-models'

type Test = (name: string) => boolean
const compiled = new WeakMap<readonly string[], Test | true>()

/** The model that a caller means: its own name for it is looked up first, so that what is checked is what is called. */
export function resolveAlias(principal: Principal | undefined, model: string): string {
  const { aliases } = principal ?? {}
  return aliases !== undefined && Object.hasOwn(aliases, model) ? aliases[model]! : model
}

/**
 * Whether a caller may use a model: each of its lists must admit it, by a name, a pattern (`openai/*`) or one of the
 * access groups of the model's deployments (`info.access_groups`). An empty list admits nothing.
 */
export function mayUseModel(principal: Principal | undefined, model: string, targets: readonly Target[]): boolean {
  if (!principal) return true
  const { models, modelLists } = principal
  if (models && !admits(models, model, targets)) return false
  return modelLists === undefined || modelLists.every((list) => admits(list, model, targets))
}

function admits(list: readonly string[], model: string, targets: readonly Target[]): boolean {
  let test = compiled.get(list)
  if (test === undefined) compiled.set(list, (test = compile(list)))
  if (test === true || test(model)) return true
  return targets.some(({ group, deployment }) => test(group) || groupsOf(deployment.info).some(test))
}

function compile(list: readonly string[]): Test | true {
  if (list.some((entry) => EVERYTHING.has(entry))) return true
  const names = new Set(list.filter((entry) => entry !== NOTHING))
  const patterns = list.filter((entry) => entry.includes('*')).map((entry) => compilePattern(entry))
  return (name) => names.has(name) || patterns.some((pattern) => pattern.match(name) !== undefined)
}

function groupsOf(info: Readonly<Record<string, unknown>>): readonly string[] {
  const groups = info['access_groups']
  return Array.isArray(groups) ? (groups as unknown[]).filter((group) => typeof group === 'string') : []
}
