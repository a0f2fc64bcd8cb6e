import type { GatewayConfig, ModelTable, Principal } from '../../src/index.ts'
import { mayUse } from './usable.ts'

/** What stands in for a model, by the kind of failure. */
export type Fallbacks = Record<FallbackName, string[]>

const OPTIONS = { general: 'fallbacks', context_window: 'contextWindow', content_policy: 'contentPolicy' } as const

/** LiteLLM's names of the kinds; also the values of `?fallback_type=`. */
export type FallbackName = keyof typeof OPTIONS
export const fallbackNames = Object.keys(OPTIONS) as FallbackName[]

/** The configured fallbacks of a model, as far as the caller may use them. */
export function fallbacksOf(
  name: string,
  { config, models, principal }: { config: GatewayConfig; models: ModelTable; principal: Principal | undefined },
): Fallbacks {
  const setting = config.plugins?.['fallback']
  const options = typeof setting === 'object' && setting !== null ? (setting as Record<string, unknown>) : {}
  const group = models.resolve(name)[0]?.group ?? name
  const usable = (names: readonly string[]) => [
    ...new Set(names.filter((other) => other !== group && mayUse(models, principal, other))),
  ]
  const entries = fallbackNames.map((kind) => {
    const named = namedFor(options[OPTIONS[kind]], group)
    return [kind, usable(kind === 'general' ? [...named, ...strings(options['default'])] : named)] as const
  })
  return Object.fromEntries(entries) as Fallbacks
}

/** The entry of a model group in a list of maps, else that of `*`; the last one written wins. */
function namedFor(list: unknown, group: string): string[] {
  const maps = (Array.isArray(list) ? list : []).filter(
    (map): map is Record<string, unknown> => typeof map === 'object' && map !== null,
  )
  const find = (key: string) => maps.findLast((map) => Object.hasOwn(map, key))?.[key]
  return strings(find(group) ?? find('*'))
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}
