import { compilePattern, storageKey } from '../../src/index.ts'
import type { ModelTable, Scope, ScopeKind, ScopeLimits, WindowOp } from '../../src/index.ts'

/** LiteLLM's names of what a limit counts. */
export type LimitType = 'requests' | 'tokens' | 'max_parallel_requests'

/** One limit of one scope, with everything about it that does not depend on a call. */
export interface Limit {
  readonly type: LimitType
  /** The counter's. */
  readonly key: string
  readonly limit: number
  /** Whose limit it is, for people: `team: blue`. Never a secret. */
  readonly owner: string
  /** The operation, where every call makes the same one. */
  readonly op: WindowOp | undefined
  /** Absent: callers are not told. */
  readonly headers: LimitHeaders | undefined
}

export interface LimitHeaders {
  readonly limit: string
  /** The value of `limit`. */
  readonly text: string
  readonly remaining: string
  /** LiteLLM's own header for limits of a key and a model. */
  readonly model: string | undefined
}

/** What is known of a scope before any call. */
export interface CompiledScope {
  readonly limits: readonly Limit[]
  /** Limits for calls of one model only. */
  readonly modelLimits: ((model: string) => readonly Limit[]) | undefined
  /** Headers that say the same in every answer. */
  readonly fixed: Readonly<Record<string, string>> | undefined
}

export const WINDOW_MS = 60_000

/** Names of models come from callers: only so many are remembered for each scope. */
const REMEMBERED_MODELS = 200

/** LiteLLM's names of scopes in headers and messages. */
const NAMES: Readonly<Record<ScopeKind, string>> = {
  key: 'api_key',
  team: 'team',
  team_member: 'team_member',
  user: 'user',
  end_user: 'end_user',
  organization: 'organization',
  global: 'gateway',
}

const NONE: readonly Limit[] = []

/** Compiles each scope once: a scope is the same object for as long as nothing about it changed. */
export function createCompiler(models: ModelTable): (scope: Scope) => CompiledScope {
  const compiled = new WeakMap<Scope, CompiledScope>()
  return (scope) => {
    let found = compiled.get(scope)
    if (!found) compiled.set(scope, (found = compileScope(scope, models)))
    return found
  }
}

function compileScope(scope: Scope, models: ModelTable): CompiledScope {
  const { limits } = scope
  if (!limits) return { limits: NONE, modelLimits: undefined, fixed: undefined }
  const owner = `${NAMES[scope.kind]}: ${ownerOf(scope)}`
  const place = placeOf(scope)
  const name = scope.kind === 'global' ? undefined : NAMES[scope.kind]
  return {
    limits: toLimits(limits, { place, owner, name, model: undefined }),
    modelLimits: limits.models && byModel(scope, limits.models, models),
    fixed: scope.kind === 'key' ? fixedHeaders(limits) : undefined,
  }
}

function placeOf({ kind, id, countedAs }: Scope): string[] {
  return ['limit', kind, countedAs ?? id]
}

/** The id of a key is a hash: its beginning is enough to find the key by, and is what its holder may see. */
function ownerOf({ kind, id, name }: Scope): string {
  if (kind === 'global') return name ?? id
  if (kind !== 'key') return id
  return name ?? (id.length > 16 ? `${id.slice(0, 8)}…` : id)
}

function byModel(
  scope: Scope,
  entries: NonNullable<ScopeLimits['models']>,
  models: ModelTable,
): (model: string) => readonly Limit[] {
  const all = Object.entries(entries).map(([entry, limits]) => ({
    matches: matcher(entry, models),
    limits: toLimits(limits, {
      place: [...placeOf(scope), 'model', entry],
      owner: `model_per_${scope.kind}: ${ownerOf(scope)}:${entry}`,
      name: `model_per_${scope.kind}`,
      model: scope.kind === 'key' ? headerPart(entry) : undefined,
    }),
  }))
  const known = new Map<string, readonly Limit[]>()
  return (model) => {
    let found = known.get(model)
    if (!found) {
      found = all.flatMap(({ matches, limits }) => (matches(model) ? limits : NONE))
      if (known.size >= REMEMBERED_MODELS) known.clear()
      known.set(model, found)
    }
    return found
  }
}

/** A model has several names (aliases, a deployment's id, with and without its provider): all of them count as one. */
function matcher(entry: string, models: ModelTable): (model: string) => boolean {
  if (entry.includes('*')) {
    const pattern = compilePattern(entry)
    return (model) => {
      const target = models.resolve(model)[0]
      return pattern.match(model) !== undefined || (target !== undefined && pattern.match(target.group) !== undefined)
    }
  }
  return (model) => {
    if (model === entry) return true
    const target = models.resolve(model)[0]
    if (!target) return false
    return models.resolve(entry).some(({ id, model: upstream }) => id === target.id && upstream === target.model)
  }
}

interface Place {
  readonly place: readonly string[]
  readonly owner: string
  /** In headers; absent: not told. */
  readonly name: string | undefined
  /** In LiteLLM's headers of a key's model limits. */
  readonly model: string | undefined
}

function toLimits({ rpm, tpm, parallel }: Omit<ScopeLimits, 'models'>, at: Place): Limit[] {
  return [
    ...toLimit('requests', rpm, 'rpm', at),
    ...toLimit('tokens', tpm, 'tpm', at),
    ...toLimit('max_parallel_requests', parallel, 'parallel', at),
  ]
}

function toLimit(
  type: LimitType,
  limit: number | undefined,
  last: string,
  { place, owner, name, model }: Place,
): Limit[] {
  if (limit === undefined) return []
  const key = storageKey(...place, last)
  const op = type === 'requests' ? ({ kind: 'window', key, by: 1, limit, windowMs: WINDOW_MS } as const) : undefined
  const headers = name === undefined ? undefined : limitHeaders(name, { type, limit, model })
  return [{ type, key, limit, owner, op, headers }]
}

function limitHeaders(
  name: string,
  { type, limit, model }: { type: LimitType; limit: number; model?: string | undefined },
) {
  return {
    limit: `x-ratelimit-${name}-limit-${type}`,
    text: String(limit),
    remaining: `x-ratelimit-${name}-remaining-${type}`,
    model: model === undefined ? undefined : `x-litellm-key-remaining-${type}-${model}`,
  }
}

function fixedHeaders({ rpm, tpm }: ScopeLimits): Record<string, string> | undefined {
  if (rpm === undefined && tpm === undefined) return undefined
  return {
    ...(rpm === undefined ? {} : { 'x-litellm-key-rpm-limit': String(rpm) }),
    ...(tpm === undefined ? {} : { 'x-litellm-key-tpm-limit': String(tpm) }),
  }
}

/** A model's name as a part of a header's name (RFC 9110 §5.6.2: a token). */
function headerPart(model: string): string {
  return model.toLowerCase().replace(/[^\w!#$%&'*+.^`|~-]/g, '-')
}
