import { invalidRequest, z } from '../../../src/index.ts'
import type { CustomerDocument, GatewayContext } from '../../../src/index.ts'
import { budgetFieldsOf, budgetNames, budgetShape, inertShape, mergeOther, newStamps } from '../common/fields.ts'
import { kept, pick, rest, stamped, text, usd, withChanges } from '../common/fields.ts'
import { actorOf, addRoute, unknown } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { overwriteSpend, startSpend } from '../common/set-spend.ts'
import { readSpend, toBudgetRow } from '../common/spend.ts'
import { effective } from '../common/within.ts'
import { requireProxyAdmin, requireViewAll } from '../who-may.ts'
import type { Caller } from '../who-may.ts'

const tags = ['Customers']
const shape = {
  alias: text.nullish(),
  blocked: z.boolean().nullish(),
  budget_id: text.nullish().describe('Instead of a budget of its own.'),
  allowed_model_region: z.enum(['eu', 'us']).nullish().describe('Kept and given back; has no effect here.'),
  default_model: text.nullish().describe('Kept and given back; has no effect here.'),
  ...budgetShape,
  ...inertShape('object_permission'),
}
const newBody = z.looseObject({
  user_id: text,
  ...shape,
  spend: usd.nullish().describe('What was spent before.'),
})
const updateBody = z.looseObject({
  user_id: text,
  ...shape,
  spend: usd.nullish().describe('What counts as spent.'),
})
const idsBody = z.looseObject({ user_ids: z.array(text).min(1).max(1000) })
const row = z
  .looseObject({
    user_id: z.string(),
    alias: z.string().nullable(),
    blocked: z.boolean(),
    spend: z.number(),
    litellm_budget_table: z.looseObject({}).nullable(),
  })
  .meta({ id: 'Customer' })

const fields = ['alias', 'blocked', 'budget_id', 'allowed_model_region', 'default_model'] as const
const known = new Set<string>([...fields, ...budgetNames, 'user_id', 'spend'])

/** Adds the routes of customers: end users, known by an id in requests only. LiteLLM has them under two names. */
export function addCustomerRoutes(management: Management): void {
  const { gateway } = management
  const { directory } = gateway
  const toRow = async (customer: CustomerDocument) => (await toRows(management, [customer]))[0]

  addRoute(gateway, {
    method: 'POST',
    path: paths('new'),
    tags,
    summary: 'Makes a customer',
    body: newBody,
    response: row,
    async handler(request) {
      const { body, principal } = request
      requireProxyAdmin(principal, 'make customers')
      const id = body['user_id'] as string
      const empty: CustomerDocument = { user_id: id, ...newStamps(actorOf(request)) }
      const customer = withChanges(empty, changesOf(empty, body))
      const budget = await effective(gateway, customer)
      await directory.update('customer', id, async (stored) => {
        if (stored) throw invalidRequest(`There is a customer \`${id}\` already.`, 'user_id', 'customer_exists')
        const spender = { kind: 'end_user', id, fields: [budget] } as const
        await startSpend(management, spender, (body['spend'] ?? 0) as number)
        return customer
      })
      return toRow(customer)
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: paths('update'),
    tags,
    summary: 'Changes a customer; null clears a field',
    body: updateBody,
    response: row,
    async handler(request) {
      const { body, principal } = request
      requireProxyAdmin(principal, 'change customers')
      const id = body['user_id'] as string
      const customer = await directory.update('customer', id, async (stored) => {
        if (!stored) throw unknown('customer', 'user_id', id)
        const changed = stamped(stored, changesOf(stored, body), actorOf(request))
        const fields = [await effective(gateway, changed)]
        const spend = (body['spend'] ?? null) as number | null
        if (spend !== null) await overwriteSpend(management, { kind: 'end_user', id, fields }, spend)
        return changed
      })
      return toRow(customer!)
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: paths('delete'),
    tags,
    summary: 'Deletes customers: their calls go on, without limits of their own',
    body: idsBody,
    async handler({ body, principal }) {
      requireProxyAdmin(principal, 'delete customers')
      const ids = await knownIds(gateway, body['user_ids'] as string[])
      for (const id of ids) await directory.update('customer', id, () => undefined)
      return { deleted_customers: ids.length, message: `Deleted ${ids.length} customers.` }
    },
  })
  addBlockRoutes(management)
  addReadRoutes(management)
}

function addBlockRoutes(management: Management): void {
  const { gateway } = management
  for (const blocked of [true, false]) {
    addRoute(gateway, {
      method: 'POST',
      path: paths(blocked ? 'block' : 'unblock'),
      tags,
      summary: blocked ? 'Refuses the calls of customers, also of unknown ones' : 'Takes the calls of customers again',
      body: idsBody,
      async handler(request) {
        const { body, principal } = request
        requireProxyAdmin(principal, 'block customers')
        const given = [...new Set(body['user_ids'] as string[])]
        const ids = blocked ? given : await knownIds(gateway, given)
        const changed: CustomerDocument[] = []
        for (const id of ids) {
          const customer = await gateway.directory.update('customer', id, (stored) =>
            stored
              ? stamped(stored, { blocked }, actorOf(request))
              : { user_id: id, blocked, ...newStamps(actorOf(request)) },
          )
          changed.push(customer!)
        }
        return { blocked_users: await toRows(management, changed) }
      },
    })
  }
}

function addReadRoutes(management: Management): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'GET',
    path: paths('info'),
    tags,
    summary: 'A customer',
    query: z.looseObject({ end_user_id: text }),
    response: row,
    async handler({ query, principal }) {
      requireView(principal)
      const customer = await gateway.directory.get('customer', query['end_user_id']!)
      if (!customer) throw unknown('customer', 'end_user_id', query['end_user_id'])
      return (await toRows(management, [customer]))[0]
    },
  })
  addRoute(gateway, {
    method: 'GET',
    path: paths('list'),
    tags,
    summary: 'All customers',
    response: z.array(row),
    async handler({ principal }) {
      requireView(principal)
      return toRows(management, await gateway.directory.list('customer'))
    },
  })
}

function paths(action: string): string[] {
  return [`/customer/${action}`, `/end_user/${action}`]
}

function requireView(caller: Caller): void {
  requireViewAll(caller, 'see customers')
}

/** A budget of its own or one that it refers to, never both: the one that is given takes the other's place. */
function changesOf(customer: CustomerDocument, body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const budgetId = body['budget_id'] ?? null
  const max = body['max_budget'] ?? null
  if (budgetId !== null && max !== null) {
    throw invalidRequest('Give `budget_id` or `max_budget`, not both.', 'budget_id', 'invalid_value')
  }
  return {
    ...(budgetId === null ? {} : { max_budget: null }),
    ...(max === null ? {} : { budget_id: null }),
    ...withoutNullsOf(pick(body, fields), { budget_id: max !== null }),
    ...withoutNullsOf(budgetFieldsOf(body), { max_budget: budgetId !== null }),
    other: mergeOther(customer.other, rest(body, known)),
  }
}

/** `null` beside the field that takes its place says nothing more. */
function withoutNullsOf(
  changes: Readonly<Record<string, unknown>>,
  replaced: Readonly<Record<string, boolean>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(changes).filter(([name, value]) => value !== null || !replaced[name]))
}

async function knownIds({ directory }: GatewayContext, given: readonly string[]): Promise<string[]> {
  const ids = [...new Set(given)]
  for (const id of ids) {
    if (!(await directory.get('customer', id))) throw unknown('customer', 'user_ids', id)
  }
  return ids
}

async function toRows(
  { gateway, timezone }: Management,
  customers: readonly CustomerDocument[],
): Promise<Record<string, unknown>[]> {
  const spend = await readSpend(
    gateway.counters,
    'end_user',
    customers.map(({ user_id }) => user_id),
  )
  return Promise.all(
    customers.map(async ({ other, ...customer }) => {
      const shared = customer.budget_id ? await gateway.directory.get('budget', customer.budget_id) : undefined
      const own = toBudgetRow(customer, { budget: shared, timezone })
      const hasOwn = budgetNames.some((name) => customer[name] !== undefined && customer[name] !== null)
      return {
        ...kept(other),
        ...customer,
        ...own,
        alias: customer.alias ?? null,
        blocked: customer.blocked ?? false,
        budget_id: customer.budget_id ?? null,
        allowed_model_region: customer.allowed_model_region ?? null,
        default_model: customer.default_model ?? null,
        litellm_budget_table: shared ? { ...shared, ...toBudgetRow(shared, { timezone }) } : hasOwn ? own : null,
        spend: spend.get(customer.user_id)!,
      }
    }),
  )
}
