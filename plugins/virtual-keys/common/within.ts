import { invalidRequest, matchesAny } from '../../../src/index.ts'
import type { BudgetFields, GatewayContext, OrganizationDocument } from '../../../src/index.ts'
import { unknown } from './route.ts'

/** Entries of model lists that admit all that the owner has. */
const ALL = new Set(['*', 'all-proxy-models'])
const NUMBERS = ['max_budget', 'tpm_limit', 'rpm_limit'] as const

/** A document that a budget or an organization may be given to. */
interface Holder extends BudgetFields {
  readonly models?: readonly string[]
  readonly budget_id?: string | null | undefined
}

/**
 * Checks that a team (or a member) is given no more than its organization has: LiteLLM's check, by number. What is spent is
 * bounded by the organization's own budget as well, so this is about mistakes. Throws 400.
 */
export async function requireWithin(
  gateway: GatewayContext,
  holder: Holder,
  organization: OrganizationDocument | undefined,
): Promise<void> {
  if (!organization) return
  const given = await effective(gateway, holder)
  const bounds = await effective(gateway, organization)
  for (const name of NUMBERS) {
    const bound = bounds[name] ?? null
    if (bound !== null && (given[name] ?? 0) > bound) {
      throw invalidRequest(`\`${name}\` is above the organization's ${bound}.`, name, 'above_organization')
    }
  }
  const foreign = holder.models?.find((model) => !admits(organization.models, model))
  if (foreign !== undefined) {
    throw invalidRequest(
      `The organization has no model \`${foreign.slice(0, 200)}\`: it has ${organization.models.join(', ')}.`,
      'models',
      'above_organization',
    )
  }
}

/** Budgets and limits with what the budget that is referred to says. Own fields first. Throws 404 where it is not there. */
export async function effective(gateway: GatewayContext, holder: Holder): Promise<BudgetFields> {
  if (!holder.budget_id) return holder
  const budget = await gateway.directory.get('budget', holder.budget_id)
  if (!budget) throw unknown('budget', 'budget_id', holder.budget_id)
  const own = Object.fromEntries(Object.entries(holder).filter(([, value]) => value !== null && value !== undefined))
  return { ...budget, ...own }
}

/** Whether a list of models admits an entry of another list. An empty list, as of an owner, admits everything. */
export function admits(list: readonly string[], entry: string): boolean {
  if (list.length === 0 || entry === 'no-default-models' || list.some((name) => ALL.has(name))) return true
  return list.includes(entry) || (!ALL.has(entry) && list.some((name) => matchesAny([name], entry)))
}
