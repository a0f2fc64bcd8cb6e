import type { BudgetDocument, OrganizationDocument, OrganizationMember } from '../types/directory.ts'
import { budgetFields } from './litellm-budget.ts'
import { otherColumns } from './litellm-columns.ts'
import { liftMetadata } from './litellm-metadata.ts'
import { roleOf } from './litellm-people.ts'
import type { Draft, Reading } from './litellm-reading.ts'
import { checkLimitsRead, eachRow, present, stampsOf, takeSpend } from './litellm-reading.ts'
import { TABLES } from './litellm-tables.ts'
import { idOf, listOf, numberOf, textOf } from './litellm-values.ts'

const ORGANIZATION = new Set(
  'organization_id organization_alias budget_id metadata models spend created_at created_by updated_at updated_by'.split(
    ' ',
  ),
)
const BUDGET = new Set(
  (
    'budget_id max_budget soft_budget max_parallel_requests tpm_limit rpm_limit model_max_budget budget_duration ' +
    'budget_limits allowed_models created_at created_by updated_at updated_by temp_budget_increase temp_budget_expiry'
  ).split(' '),
)

/** Budgets that others refer to. */
export function readBudgets(reading: Reading): void {
  eachRow(reading, {
    table: TABLES.budget,
    who: (row) => row['budget_id'] ?? '',
    onUnread: (row) => reading.unread.add(`budget:${row['budget_id']}`),
    read(row, tell) {
      const id = idOf(row, 'budget_id')
      if (row['temp_budget_increase']) tell('temp_budget_increase', 'not taken')
      if (listOf(row, 'allowed_models').length > 0) tell('allowed_models', 'not taken: budgets name no models here')
      otherColumns(row, BUDGET, (field) => tell(field, 'not taken: budgets have no such field here'))
      const document: Draft<BudgetDocument> = present({
        budget_id: id,
        ...budgetFields(row, tell),
        ...stampsOf(row),
      })
      reading.items.push({ kind: 'budget', id, table: TABLES.budget, document })
    },
  })
}

/** Organizations with their members. */
export function readOrganizations(reading: Reading): void {
  const members = readMembers(reading)
  eachRow(reading, {
    table: TABLES.organization,
    who: (row) => row['organization_alias'] ?? row['organization_id'] ?? '',
    read(row, tell) {
      const id = idOf(row, 'organization_id')
      checkLimitsRead(row, reading)
      const { lifted, metadata } = liftMetadata(row, ['model_rpm_limit', 'model_tpm_limit'], tell)
      const document: Draft<OrganizationDocument> = present({
        organization_id: id,
        organization_alias: textOf(row, 'organization_alias'),
        models: listOf(row, 'models'),
        // Rows of a database come in no order.
        members: (members.get(id) ?? []).sort((a, b) => (a.user_id < b.user_id ? -1 : 1)),
        metadata,
        budget_id: textOf(row, 'budget_id'),
        ...lifted,
        ...stampsOf(row),
        other: otherColumns(row, ORGANIZATION, tell),
      })
      const budget = reading.budgets.get(document.budget_id ?? '')
      takeSpend(reading, { kind: 'organization', id, row, budget })
      reading.items.push({ kind: 'organization', id, table: TABLES.organization, document })
    },
  })
}

/** By organization. */
function readMembers(reading: Reading): Map<string, OrganizationMember[]> {
  const members = new Map<string, OrganizationMember[]>()
  eachRow(reading, {
    table: TABLES.organizationMembership,
    who: (row) => `${row['organization_id']}/${row['user_id']}`,
    read(row, tell) {
      const user = idOf(row, 'user_id')
      const organization = idOf(row, 'organization_id')
      const role = roleOf(textOf(row, 'user_role'))
      if (row['user_role'] && role === null) tell('user_role', 'is no role that is known here: taken as internal_user')
      const budget = reading.budgets.get(row['budget_id'] ?? '')
      if (row['budget_id'] && !budget) tell('budget_id', 'names a budget that is not there')
      if (numberOf(row, 'spend')) tell('spend', 'not taken: members of organizations have no counter of their own here')
      const member: OrganizationMember = present({
        user_id: user,
        user_role: role ?? 'internal_user',
        budget: budget ? present(budgetFields(budget, tell)) : undefined,
      })
      members.set(organization, [...(members.get(organization) ?? []), member])
    },
  })
  return members
}
