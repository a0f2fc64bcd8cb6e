import { GatewayError, invalidRequest, z } from '../../../src/index.ts'
import type { BudgetDocument } from '../../../src/index.ts'
import { budgetFieldsOf, budgetNames, budgetShape, mergeOther, newStamps, refused, rest } from '../common/fields.ts'
import { kept, stamped, text, withChanges } from '../common/fields.ts'
import { actorOf, addRoute, unknown } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { toBudgetRow } from '../common/spend.ts'
import { requireProxyAdmin, requireViewAll } from '../who-may.ts'

const tags = ['Budgets']
const resets = refused('Windows follow the calendar; reads say when the current one ends.')
const newBody = z.looseObject({
  budget_id: text.nullish().describe('Default: a UUID.'),
  ...budgetShape,
  budget_reset_at: resets,
})
const updateBody = z.looseObject({ budget_id: text, ...budgetShape, budget_reset_at: resets })
const row = z
  .looseObject({ budget_id: z.string(), max_budget: z.number().nullable(), budget_duration: z.string().nullable() })
  .meta({ id: 'Budget' })
const known = new Set<string>([...budgetNames, 'budget_id', 'budget_reset_at'])

/** Adds the routes of budgets that keys, teams, users, customers and organizations refer to by `budget_id`. */
export function addBudgetRoutes(management: Management): void {
  const { gateway, timezone } = management
  const { directory } = gateway
  const toRow = ({ other, ...budget }: BudgetDocument) => ({
    ...kept(other),
    ...budget,
    ...toBudgetRow(budget, { timezone }),
  })

  addRoute(gateway, {
    method: 'POST',
    path: '/budget/new',
    tags,
    summary: 'Makes a budget',
    body: newBody,
    response: row,
    async handler(request) {
      const { body, principal } = request
      requireProxyAdmin(principal, 'make budgets')
      const id = (body['budget_id'] ?? crypto.randomUUID()) as string
      const empty: BudgetDocument = { budget_id: id, ...newStamps(actorOf(request)) }
      const budget = withChanges(empty, { ...budgetFieldsOf(body), other: mergeOther(undefined, rest(body, known)) })
      await directory.update('budget', id, (stored) => {
        if (stored) throw invalidRequest(`There is a budget \`${id}\` already.`, 'budget_id', 'budget_exists')
        return budget
      })
      return toRow(budget)
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/budget/update',
    tags,
    summary: 'Changes a budget for all who refer to it; null clears a field',
    body: updateBody,
    response: row,
    async handler(request) {
      const { body, principal } = request
      requireProxyAdmin(principal, 'change budgets')
      const id = body['budget_id'] as string
      const budget = await directory.update('budget', id, (stored) => {
        if (!stored) throw unknown('budget', 'budget_id', id)
        const changes = { ...budgetFieldsOf(body), other: mergeOther(stored.other, rest(body, known)) }
        return stamped(stored, changes, actorOf(request))
      })
      return toRow(budget!)
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/budget/delete',
    tags,
    summary: 'Deletes a budget that nobody refers to',
    body: z.looseObject({ id: text }),
    response: row,
    async handler({ body, principal }) {
      requireProxyAdmin(principal, 'delete budgets')
      const id = body['id'] as string
      let deleted: BudgetDocument | undefined
      await directory.update('budget', id, async (stored) => {
        if (!stored) throw unknown('budget', 'id', id)
        const users = await referrers(management, id)
        if (users.length > 0) throw inUse(id, users)
        deleted = stored
        return undefined
      })
      return toRow(deleted!)
    },
  })
  addReadRoutes(management, toRow)
}

function addReadRoutes(
  { gateway }: Management,
  toRow: (budget: BudgetDocument) => { readonly [field: string]: unknown },
): void {
  const { directory } = gateway
  addRoute(gateway, {
    method: 'POST',
    path: '/budget/info',
    tags,
    summary: 'Some budgets',
    body: z.looseObject({ budgets: z.array(text).min(1).max(1000) }),
    response: z.array(row),
    async handler({ body, principal }) {
      requireViewAll(principal, 'see budgets')
      const rows: unknown[] = []
      for (const id of body['budgets'] as string[]) {
        const budget = await directory.get('budget', id)
        if (!budget) throw unknown('budget', 'budgets', id)
        rows.push(toRow(budget))
      }
      return rows
    },
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/budget/list',
    tags,
    summary: 'All budgets',
    response: z.array(row),
    async handler({ principal }) {
      requireViewAll(principal, 'see budgets')
      return (await directory.list('budget')).map(toRow)
    },
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/budget/settings',
    tags,
    summary: 'The fields of a budget with what they mean and are',
    query: z.looseObject({ budget_id: text }),
    async handler({ query, principal }) {
      requireViewAll(principal, 'see budgets')
      const budget = await directory.get('budget', query['budget_id']!)
      if (!budget) throw unknown('budget', 'budget_id', query['budget_id'])
      return budgetNames.map((name) => ({
        field_name: name,
        field_type: typeNames[name] ?? 'Dictionary',
        field_description: z.globalRegistry.get(budgetShape[name])?.description ?? '',
        field_value: budget[name] ?? null,
        stored_in_db: budget[name] !== undefined && budget[name] !== null,
        field_default_value: null,
      }))
    },
  })
}

const typeNames: Readonly<Record<string, string>> = {
  max_budget: 'Float',
  soft_budget: 'Float',
  budget_duration: 'String',
  budget_limits: 'List',
  tpm_limit: 'Integer',
  rpm_limit: 'Integer',
  max_parallel_requests: 'Integer',
  temp_budget_increase: 'Float',
  temp_budget_expiry: 'String',
}

/** Who refers to a budget, such as `team \`search\``. */
async function referrers({ gateway, endUserBudget }: Management, id: string): Promise<string[]> {
  const { directory } = gateway
  const [keys, teams, users, customers, organizations] = await Promise.all([
    directory.list('key'),
    directory.list('team'),
    directory.list('user'),
    directory.list('customer'),
    directory.list('organization'),
  ])
  const refers = (holder: { budget_id?: string | null | undefined }) => holder.budget_id === id
  return [
    ...(endUserBudget === id ? ['the option `endUserBudget`'] : []),
    ...keys.filter(refers).map(({ key_name }) => `key \`${key_name}\``),
    ...teams.filter(refers).map(({ team_id }) => `team \`${team_id}\``),
    ...users.filter(refers).map(({ user_id }) => `user \`${user_id}\``),
    ...customers.filter(refers).map(({ user_id }) => `customer \`${user_id}\``),
    ...organizations.filter(refers).map(({ organization_id }) => `organization \`${organization_id}\``),
  ]
}

function inUse(id: string, users: readonly string[]): GatewayError {
  const shown = users.slice(0, 5).join(', ') + (users.length > 5 ? ` and ${users.length - 5} more` : '')
  return invalidRequest(`Budget \`${id}\` is in use by ${shown}: give them another first.`, 'id', 'budget_in_use')
}
