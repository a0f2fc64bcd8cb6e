/** A row in PostgreSQL's text form, as `pg_dump` writes it: null is SQL's NULL. */
export type Row = Readonly<Record<string, string | null>>

/** What was found in a LiteLLM database. */
export interface LitellmTables {
  /** Rows of the tables that are read, by table. */
  readonly rows: ReadonlyMap<string, readonly Row[]>
  /** The other tables of LiteLLM that hold something, and how many rows (of a live database: about). */
  readonly others: ReadonlyMap<string, number>
  /** Rows that could not be read at all. */
  readonly broken: readonly { readonly table: string; readonly reason: string }[]
}

/** The tables that are read; names as in LiteLLM's schema. */
export const TABLES = {
  key: 'LiteLLM_VerificationToken',
  oldKey: 'LiteLLM_DeprecatedVerificationToken',
  team: 'LiteLLM_TeamTable',
  teamModels: 'LiteLLM_ModelTable',
  teamMembership: 'LiteLLM_TeamMembership',
  user: 'LiteLLM_UserTable',
  endUser: 'LiteLLM_EndUserTable',
  budget: 'LiteLLM_BudgetTable',
  organization: 'LiteLLM_OrganizationTable',
  organizationMembership: 'LiteLLM_OrganizationMembership',
} as const

const READ = new Set<string>(Object.values(TABLES))

/** Whether rows of a table are read. */
export function isRead(table: string): boolean {
  return READ.has(table)
}

/** Whether a table is LiteLLM's, and none of Prisma's own. */
export function isLitellm(table: string): boolean {
  return table.startsWith('LiteLLM_')
}

/** Why rows of the other tables are left where they are. */
export const NOT_TAKEN: Readonly<Record<string, string>> = {
  LiteLLM_SpendLogs: 'single calls stay in LiteLLM’s database; sums of spend are taken',
  LiteLLM_ErrorLogs: 'single calls stay in LiteLLM’s database',
  LiteLLM_AuditLog: 'history stays in LiteLLM’s database',
  LiteLLM_DeletedVerificationToken: 'history stays in LiteLLM’s database',
  LiteLLM_DeletedTeamTable: 'history stays in LiteLLM’s database',
  LiteLLM_ProxyModelTable: 'models are written into the config here; their credentials are encrypted there',
  LiteLLM_CredentialsTable: 'credentials are written into the config here; they are encrypted there',
  LiteLLM_Config: 'settings are written into the config here',
}
