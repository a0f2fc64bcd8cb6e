import { teamMemberId } from '../directory/team-member-id.ts'
import type { TeamDocument, TeamMember } from '../types/directory.ts'
import type { Tell } from './litellm-budget.ts'
import { budgetFields, durationOf } from './litellm-budget.ts'
import { otherColumns } from './litellm-columns.ts'
import { liftMetadata } from './litellm-metadata.ts'
import type { Draft, Reading } from './litellm-reading.ts'
import { checkLimitsRead, eachRow, present, stampsOf, takeSpend } from './litellm-reading.ts'
import type { Row } from './litellm-tables.ts'
import { TABLES } from './litellm-tables.ts'
import { BadValue, amountOf, booleanOf, idOf, jsonOf, listOf, mapOf, textOf } from './litellm-values.ts'

const KNOWN = new Set(
  (
    'team_id team_alias organization_id admins members members_with_roles metadata max_budget soft_budget spend models ' +
    'max_parallel_requests tpm_limit rpm_limit budget_duration blocked created_at updated_at created_by updated_by ' +
    'model_max_budget team_member_permissions budget_limits model_id budget_id'
  ).split(' '),
)

/** Teams with their members, the members' budgets and spend. */
export function readTeams(reading: Reading): void {
  const memberships = readMemberships(reading, memberBudgets(reading))
  const aliases = readAliases(reading)
  const users = usersByTeam(reading)
  eachRow(reading, {
    table: TABLES.team,
    who: (row) => row['team_alias'] ?? row['team_id'] ?? '',
    read(row, tell) {
      const id = idOf(row, 'team_id')
      checkLimitsRead(row, reading)
      const { lifted, metadata } = liftMetadata(
        row,
        [
          'tags',
          'model_rpm_limit',
          'model_tpm_limit',
          'soft_budget',
          'team_member_budget_id',
          'team_member_key_duration',
        ],
        tell,
      )
      const { team_member_budget_id: memberBudget, soft_budget: soft, ...own } = lifted
      const common = reading.budgets.get(memberBudget ?? '')
      if (memberBudget !== undefined && !common)
        tell('metadata.team_member_budget_id', 'names a budget that is not there')
      const budget = budgetFields(row, tell)
      const document: Draft<TeamDocument> = present({
        team_id: id,
        team_alias: textOf(row, 'team_alias'),
        organization_id: textOf(row, 'organization_id'),
        members_with_roles: membersOf(row, { memberships: memberships.get(id), common, reading, tell }),
        team_member_permissions: orNothing(listOf(row, 'team_member_permissions')),
        metadata,
        models: listOf(row, 'models'),
        model_aliases: aliases.get(row['model_id'] ?? ''),
        blocked: booleanOf(row, 'blocked') ?? undefined,
        budget_id: textOf(row, 'budget_id'),
        ...(common
          ? {
              team_member_budget: amountOf(common, 'max_budget'),
              team_member_budget_duration: durationOf(common, 'budget_duration', tell),
              team_member_rpm_limit: amountOf(common, 'rpm_limit'),
              team_member_tpm_limit: amountOf(common, 'tpm_limit'),
            }
          : {}),
        ...budget,
        ...own,
        soft_budget: budget.soft_budget ?? soft,
        ...stampsOf(row),
        other: otherColumns(row, KNOWN, tell),
      })
      const members = new Set(document.members_with_roles.map(({ user_id }) => user_id))
      for (const user of memberships.get(id)?.keys() ?? []) {
        if (!members.has(user))
          tell('members', 'a membership of somebody who is no member of the team: only the spend is taken')
      }
      for (const user of users.get(id) ?? []) {
        if (!members.has(user)) tell('members', 'a user names this team and is no member of it: not made one')
      }
      takeSpend(reading, { kind: 'team', id, row, budget: reading.budgets.get(document.budget_id ?? '') })
      reading.items.push({ kind: 'team', id, table: TABLES.team, document })
    },
  })
}

interface MembersInput {
  readonly memberships: ReadonlyMap<string, Row> | undefined
  /** The budget that every member without one of its own has. */
  readonly common: Row | undefined
  readonly reading: Reading
  readonly tell: Tell
}

function membersOf(row: Row, { memberships, common, reading, tell }: MembersInput): TeamMember[] {
  const members = new Map<string, TeamMember>()
  const add = (id: string, role: TeamMember['role'], email?: unknown) => {
    const before = members.get(id)
    if (before && before.role === 'admin') return
    const membership = memberships?.get(id)
    const budget = reading.budgets.get(membership?.['budget_id'] ?? '') ?? common
    members.set(
      id,
      present({
        user_id: id,
        user_email: typeof email === 'string' ? email : undefined,
        role,
        budget: budget ? present(budgetFields(budget, tell)) : undefined,
      }),
    )
  }
  const list = jsonOf(row, 'members_with_roles')
  if (list !== undefined && list !== null && !Array.isArray(list) && Object.keys(list as object).length > 0)
    throw new BadValue('members_with_roles', 'is no list')
  for (const member of Array.isArray(list) ? (list as unknown[]) : []) {
    const { user_id, user_email, role } = (member ?? {}) as Record<string, unknown>
    if (typeof user_id === 'string' && user_id !== '') add(user_id, role === 'admin' ? 'admin' : 'user', user_email)
    else tell('members_with_roles', 'a member without a user id: not taken')
  }
  for (const id of listOf(row, 'admins')) add(id, 'admin')
  for (const id of listOf(row, 'members')) if (!members.has(id)) add(id, 'user')
  return [...members.values()]
}

/** By team and user. */
function readMemberships(reading: Reading, common: ReadonlyMap<string, Row>): Map<string, Map<string, Row>> {
  const byTeam = new Map<string, Map<string, Row>>()
  eachRow(reading, {
    table: TABLES.teamMembership,
    who: (row) => `${row['team_id']}/${row['user_id']}`,
    read(row, tell) {
      const team = idOf(row, 'team_id')
      const user = idOf(row, 'user_id')
      const budget = reading.budgets.get(row['budget_id'] ?? '')
      if (row['budget_id'] && !budget) tell('budget_id', 'names a budget that is not there')
      if (budget && listOf(budget, 'allowed_models').length > 0)
        tell('allowed_models', 'members have no models of their own here: the team’s hold')
      takeSpend(reading, { kind: 'team_member', id: teamMemberId(team, user), row, budget: budget ?? common.get(team) })
      if (!byTeam.has(team)) byTeam.set(team, new Map())
      byTeam.get(team)!.set(user, row)
    },
  })
  return byTeam
}

/** The budgets that teams have for members without one of their own, by the team. */
function memberBudgets({ tables, budgets }: Reading): Map<string, Row> {
  const byTeam = new Map<string, Row>()
  for (const row of tables.rows.get(TABLES.team) ?? []) {
    // What cannot be read is told where teams are read.
    const id = quietly(() => mapOf(row, 'metadata'))?.['team_member_budget_id']
    const budget = typeof id === 'string' ? budgets.get(id) : undefined
    if (budget) byTeam.set(row['team_id'] ?? '', budget)
  }
  return byTeam
}

/** Names that teams have for models, by the id of their row. */
function readAliases(reading: Reading): Map<string, Record<string, string>> {
  const aliases = new Map<string, Record<string, string>>()
  eachRow(reading, {
    table: TABLES.teamModels,
    who: (row) => row['id'] ?? '',
    read(row) {
      const column = 'aliases' in row ? 'aliases' : 'model_aliases'
      const map = mapOf(row, column)
      if (!map) return
      if (!Object.values(map).every((value) => typeof value === 'string'))
        throw new BadValue(column, 'is no map of texts')
      aliases.set(idOf(row, 'id'), map as Record<string, string>)
    },
  })
  return aliases
}

/** Users that name a team, by the team: LiteLLM writes memberships down twice. */
function usersByTeam(reading: Reading): Map<string, string[]> {
  const byTeam = new Map<string, string[]>()
  for (const row of reading.tables.rows.get(TABLES.user) ?? []) {
    // What cannot be read is told where users are read.
    for (const team of quietly(() => listOf(row, 'teams')) ?? []) {
      if (!byTeam.has(team)) byTeam.set(team, [])
      byTeam.get(team)!.push(row['user_id'] ?? '')
    }
  }
  return byTeam
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

function orNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}
