import type { CustomerDocument, UserDocument } from '../types/directory.ts'
import type { Role } from '../types/governance.ts'
import { budgetFields } from './litellm-budget.ts'
import { otherColumns } from './litellm-columns.ts'
import { liftMetadata } from './litellm-metadata.ts'
import type { Draft, Reading } from './litellm-reading.ts'
import { checkLimitsRead, eachRow, present, stampsOf, takeSpend } from './litellm-reading.ts'
import { TABLES } from './litellm-tables.ts'
import { booleanOf, idOf, listOf, textOf } from './litellm-values.ts'

const USER = new Set(
  (
    'user_id user_alias user_email user_role sso_user_id organization_id team_id teams models metadata spend password ' +
    'max_budget soft_budget max_parallel_requests tpm_limit rpm_limit budget_duration model_max_budget budget_limits ' +
    'created_at updated_at created_by updated_by budget_id blocked'
  ).split(' '),
)
const END_USER = new Set(
  'user_id alias spend allowed_model_region default_model budget_id blocked created_at updated_at'.split(' '),
)
const ROLES: ReadonlySet<string> = new Set<Role>([
  'proxy_admin',
  'proxy_admin_viewer',
  'org_admin',
  'internal_user',
  'internal_user_viewer',
  'team',
  'customer',
])

/** A role that both sides know, or null. */
export function roleOf(role: string | null): Role | null {
  return role !== null && ROLES.has(role) ? (role as Role) : null
}

/** Internal users. */
export function readUsers(reading: Reading): void {
  const organizations = new Map<string, string[]>()
  for (const row of reading.tables.rows.get(TABLES.organizationMembership) ?? []) {
    const [user, organization] = [row['user_id'], row['organization_id']]
    if (user && organization) organizations.set(user, [...(organizations.get(user) ?? []), organization])
  }
  eachRow(reading, {
    table: TABLES.user,
    who: (row) => row['user_email'] ?? row['user_id'] ?? '',
    onUnread: (row) => reading.unread.add(`user:${row['user_id']}`),
    read(row, tell) {
      const id = idOf(row, 'user_id')
      checkLimitsRead(row, reading)
      const role = roleOf(textOf(row, 'user_role'))
      if (row['user_role'] && role === null) tell('user_role', 'is no role that is known here: taken without one')
      if (row['password']) tell('password', 'not taken: nobody signs in with a password here')
      const { lifted, metadata } = liftMetadata(row, ['model_rpm_limit', 'model_tpm_limit'], tell)
      const own = row['organization_id'] ? [row['organization_id']] : []
      const document: Draft<UserDocument> = present({
        user_id: id,
        user_email: textOf(row, 'user_email'),
        user_alias: textOf(row, 'user_alias'),
        user_role: role,
        sso_user_id: textOf(row, 'sso_user_id'),
        organizations: orNothing([...new Set([...own, ...(organizations.get(id) ?? [])])].sort()),
        models: listOf(row, 'models'),
        metadata,
        blocked: booleanOf(row, 'blocked') ?? undefined,
        budget_id: textOf(row, 'budget_id'),
        ...budgetFields(row, tell),
        ...lifted,
        ...stampsOf(row),
        other: otherColumns(row, USER, tell),
      })
      if (document.model_max_budget)
        tell('model_max_budget', 'is taken; what each part spent is not in LiteLLM’s database and begins at 0')
      takeSpend(reading, { kind: 'user', id, row, budget: reading.budgets.get(document.budget_id ?? '') })
      reading.items.push({ kind: 'user', id, table: TABLES.user, document })
    },
  })
}

/** End users, whom callers name in requests. */
export function readEndUsers(reading: Reading): void {
  eachRow(reading, {
    table: TABLES.endUser,
    who: (row) => row['alias'] ?? row['user_id'] ?? '',
    read(row, tell) {
      const id = idOf(row, 'user_id')
      const document: Draft<CustomerDocument> = present({
        user_id: id,
        alias: textOf(row, 'alias'),
        blocked: booleanOf(row, 'blocked') ?? undefined,
        budget_id: textOf(row, 'budget_id'),
        default_model: textOf(row, 'default_model'),
        allowed_model_region: textOf(row, 'allowed_model_region'),
        ...stampsOf(row),
        other: otherColumns(row, END_USER, tell),
      })
      const budget = reading.budgets.get(document.budget_id ?? reading.endUserBudget ?? '')
      takeSpend(reading, { kind: 'end_user', id, row, budget })
      reading.items.push({ kind: 'customer', id, table: TABLES.endUser, document })
    },
  })
}

function orNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}
