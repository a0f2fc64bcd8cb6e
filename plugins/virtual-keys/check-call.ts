import { GatewayError, mayUseModel, resolveAlias } from '../../src/index.ts'
import type { Call, ModelTable } from '../../src/index.ts'
import type { CompiledKey } from './to-principal.ts'

/** What is asked of every call, whatever its key. */
export interface CallRules {
  /** Body fields, as paths, that every call must have. */
  readonly enforcedParams: readonly string[]
  /** Every call must name its end user. */
  readonly enforceUser: boolean
  /** Callers may not tag their calls. */
  readonly rejectTags: boolean
}

/** Throws a 400 for a call that lacks what its key or the gateway wants, or brings what may not be brought. */
export function checkParams(
  call: Call,
  endUser: string | undefined,
  enforced: readonly string[],
  rules: CallRules,
): void {
  // What is only read (a file, a batch) has no body to put it in.
  if (call.method === 'GET' || call.method === 'HEAD') return
  if (rules.enforceUser && endUser === undefined) throw missing('user')
  for (const param of rules.enforcedParams) if (!has(call, param, endUser)) throw missing(param)
  for (const param of enforced) if (!has(call, param, endUser)) throw missing(param)
  if (!rules.rejectTags) return
  if (call.headers.get('x-litellm-tags') !== null || call.body['tags'] !== undefined || isTagged(call.body)) {
    throw new GatewayError(400, 'Calls may not be tagged by their callers.', {
      type: 'bad_request_error',
      code: 'client_tags_rejected',
      param: 'metadata.tags',
    })
  }
}

/** Throws a 403 where one of the key's lists does not admit the model. A name that is no model is for the router to refuse. */
export function checkModel({ principal, lists }: CompiledKey, call: Call, models: ModelTable): void {
  if (lists.length === 0 || call.model === '') return
  const model = resolveAlias(principal, call.model)
  const found = models.resolve(model)
  if (found.length === 0 || mayUseModel(principal, model, found)) return
  const refused = lists.find((list) => !mayUseModel({ ...principal, modelLists: [list.models] }, model, found))
  const owner = refused?.owner ?? 'key'
  const whose = { key: 'This key', team: "This key's team", user: "This key's user", org: "This key's organization" }
  throw new GatewayError(403, `${whose[owner]} is not allowed to use the model \`${model.slice(0, 200)}\`.`, {
    type: `${owner}_model_access_denied`,
    code: 'model_access_denied',
    param: 'model',
  })
}

function isTagged({ metadata, litellm_metadata: ours }: Readonly<Record<string, unknown>>): boolean {
  return [metadata, ours].some((holder) => (holder as { tags?: unknown } | null | undefined)?.tags !== undefined)
}

function has(call: Call, param: string, endUser: string | undefined): boolean {
  if (param === 'user') return endUser !== undefined
  const value = param
    .split('.')
    .reduce<unknown>(
      (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
      call.body,
    )
  return value !== undefined && value !== null && value !== ''
}

function missing(param: string): GatewayError {
  return new GatewayError(400, `Calls with this key must have the parameter \`${param}\`.`, {
    type: 'bad_request_error',
    code: 'missing_enforced_parameter',
    param,
  })
}
