import { invalidRequest, mayUseModel, mergeBudgetFields } from '../../../src/index.ts'
import type { BudgetFields, GatewayContext, KeyDocument, Principal } from '../../../src/index.ts'
import { coversRoutes } from '../allowed-routes.ts'
import { admits } from '../common/within.ts'
import { forbidden, isOrgAdmin, isProxyAdmin, isTeamAdmin } from '../who-may.ts'
import type { Caller, Owners } from '../who-may.ts'
import { budgetOf } from './spend.ts'
import { isLater } from './to-key.ts'

const CAPS = ['max_budget', 'tpm_limit', 'rpm_limit', 'max_parallel_requests'] as const
const LIMITS = [
  ...CAPS,
  'budget_id',
  'budget_limits',
  'model_max_budget',
  'model_rpm_limit',
  'model_tpm_limit',
] as const satisfies readonly (keyof KeyDocument)[]
const BOUNDS = ['models', 'allowed_routes', 'expires'] as const satisfies readonly (keyof KeyDocument)[]
/** What the user of a key sets as they like: it gives the key no more than it has. */
const FREE = new Set<string>([
  'key_alias',
  'config',
  'aliases',
  'soft_budget',
  'other',
  'token',
  'key_name',
  'created_at',
  'updated_at',
  'updated_by',
  'counted_as',
  'spent_as',
  'rotation_count',
  'last_rotation_at',
])

/** Whether the caller decides about the key by office, not only because it is theirs. */
export function isInCharge(caller: Caller, { team, organization }: Owners): boolean {
  if (isProxyAdmin(caller) || isOrgAdmin(caller, organization)) return true
  return team !== undefined && isTeamAdmin(caller, team)
}

/** Throws a 403 for a budget that a user refers to: which there are, and what is in them, is not for users to find out. */
export function requireNoNewBudget(before: KeyDocument | undefined, after: KeyDocument): void {
  if (!after.budget_id || after.budget_id === before?.budget_id) return
  throw forbidden('`budget_id` is for an admin to set.', 'budget_id')
}

/**
 * Checks that a key is given no more than its owner has. What is used is bounded by the owner anyway, so this is about
 * mistakes; proxy admins may do as they like. Throws a 400 that names the field.
 */
export async function requireWithinOwner(gateway: GatewayContext, key: KeyDocument, { team }: Owners): Promise<void> {
  const owner = team ?? (key.user_id ? await gateway.directory.get('user', key.user_id) : undefined)
  if (!owner) return
  const whose = team ? 'team' : 'user'
  const bounds: BudgetFields = mergeBudgetFields([owner, await budgetOf(gateway, owner)])
  const given: BudgetFields = mergeBudgetFields([key, await budgetOf(gateway, key)])
  for (const name of CAPS) {
    const bound = bounds[name]
    if (typeof bound === 'number' && (given[name] ?? 0) > bound) {
      throw invalidRequest(`\`${name}\` is above the ${bound} of the key's ${whose}.`, name, `above_${whose}`)
    }
  }
  const foreign = key.models.find((model) => model !== 'all-team-models' && !mayHave(gateway, [owner.models], model))
  if (foreign !== undefined) throw forbidden(`The key's ${whose} may not use \`${foreign.slice(0, 200)}\`.`, 'models')
}

/**
 * Checks that a key gives another no more than it has itself: its routes, its models, its end. One with a budget or rates of
 * its own makes no keys at all, as each of them would have as much again. Proxy admins are free. Returns the key as it may
 * be: lists that it leaves empty are those of the caller's key.
 */
export function withinCaller(gateway: GatewayContext, caller: Principal, { own, key }: OwnAndNew): KeyDocument {
  if (!own) return key
  requireFreeHands(own, 'making')
  if (isLater(key.expires, own.expires)) {
    throw forbidden(
      `A key that ends on ${own.expires!} makes no keys that live longer: give a \`duration\`.`,
      'duration',
    )
  }
  const routes = own.allowed_routes ?? []
  const given = key.allowed_routes ?? []
  if (routes.length > 0 && given.length > 0 && !coversRoutes(routes, given)) {
    throw forbidden('A key gives no routes that it may not use itself.', 'allowed_routes')
  }
  const lists = caller.modelLists?.slice(0, own.models.length > 0 ? 1 : 0) ?? []
  const foreign = key.models.find((model) => !mayHave(gateway, lists, model))
  if (foreign !== undefined) {
    throw forbidden(`A key gives no models that it may not use itself: \`${foreign.slice(0, 200)}\`.`, 'models')
  }
  return {
    ...key,
    ...(key.models.length === 0 ? { models: own.models } : {}),
    ...(given.length === 0 && routes.length > 0 ? { allowed_routes: routes } : {}),
  }
}

export interface OwnAndNew {
  /** The document of the caller's key; undefined for callers without one. */
  readonly own: KeyDocument | undefined
  readonly key: KeyDocument
}

/**
 * Throws a 403 for a caller's key whose own bounds others would get around.
 * @param of `making` keys: a budget or rates, which each of them would have again; `changing` others: any bound, as those
 * may have none
 */
export function requireFreeHands(own: KeyDocument, of: 'making' | 'changing'): void {
  const found = (of === 'making' ? LIMITS : [...LIMITS, ...BOUNDS]).find((name) => !isEmpty(own[name]))
  if (found === undefined) return
  throw forbidden(
    `A key with \`${found}\` of its own manages no other keys, as they would not be bound by it. Put it on the user or the team, or use a key without.`,
  )
}

/**
 * What a user may do to a key of theirs that somebody else made, and a key to itself: name it, and take away. Throws a 403
 * that names the field.
 */
export function requireTightening(before: KeyDocument, after: KeyDocument): void {
  const old = before as unknown as Record<string, unknown>
  const next = after as unknown as Record<string, unknown>
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
    if (FREE.has(name) || JSON.stringify(old[name]) === JSON.stringify(next[name])) continue
    if ((CAPS as readonly string[]).includes(name) && !isMore(old[name], next[name])) continue
    if (name === 'models' && isNarrower(before.models, after.models)) continue
    if (name === 'blocked' && next[name] === true) continue
    if (name === 'expires' && !isLater(after.expires, before.expires)) continue
    if (name === 'tags' && includesAll(after.tags, before.tags)) continue
    if (name === 'enforced_params' && includesAll(after.enforced_params, before.enforced_params)) continue
    if (name === 'metadata' && addsOnly(before.metadata, after.metadata)) continue
    const narrower = (after.allowed_routes?.length ?? 0) > 0
    if (name === 'allowed_routes' && narrower && coversRoutes(before.allowed_routes ?? [], after.allowed_routes!))
      continue
    throw forbidden(`\`${name}\` of this key is for an admin to change.`, name)
  }
}

function mayHave(gateway: GatewayContext, lists: readonly (readonly string[])[], model: string): boolean {
  const modelLists = lists.filter((list) => list.length > 0)
  const principal: Principal = { id: '', role: 'user', modelLists }
  return modelLists.every((list) => admits(list, model)) || mayUseModel(principal, model, gateway.models.resolve(model))
}

function isMore(before: unknown, after: unknown): boolean {
  return (typeof after === 'number' ? after : Infinity) > (typeof before === 'number' ? before : Infinity)
}

function isNarrower(before: readonly string[], after: readonly string[]): boolean {
  if (before.length === 0) return true
  return after.length > 0 && after.every((model) => admits(before, model))
}

function includesAll(all: readonly string[] | undefined, some: readonly string[] | undefined): boolean {
  return (some ?? []).every((one) => all?.includes(one))
}

/** Metadata that limits read: how much of a model may be used, and how much a call is taken to use. */
const LIMITING = /^(?:model_|default_estimated_)/

/** New entries only, and none that limits read. */
function addsOnly(before: KeyDocument['metadata'] = {}, after: KeyDocument['metadata'] = {}): boolean {
  const kept = Object.entries(before).every(([name, value]) => JSON.stringify(after[name]) === JSON.stringify(value))
  return kept && Object.keys(after).every((name) => Object.hasOwn(before, name) || !LIMITING.test(name))
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
