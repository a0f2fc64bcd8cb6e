import type { Awaitable } from './call.ts'
import type { Role } from './governance.ts'

/** USD for a model or a group of models in a window; rates per minute. LiteLLM's field names, both spellings of each. */
export interface ModelBudget {
  readonly max_budget?: number | undefined
  readonly budget_limit?: number | undefined
  readonly budget_duration?: string | undefined
  readonly time_period?: string | undefined
  readonly tpm_limit?: number | undefined
  readonly rpm_limit?: number | undefined
  /** Makes the entry a shared budget of these models, whatever its own name. */
  readonly models?: readonly string[] | undefined
}

/** Fields that every holder of budgets and limits has. Money is USD here, as in LiteLLM's API; durations `30s … 1mo`. */
export interface BudgetFields {
  readonly max_budget?: number | null | undefined
  readonly soft_budget?: number | null | undefined
  readonly budget_duration?: string | null | undefined
  /** Several windows at once. */
  readonly budget_limits?:
    | readonly { readonly budget_duration: string; readonly max_budget: number }[]
    | null
    | undefined
  readonly model_max_budget?: Readonly<Record<string, ModelBudget>> | null | undefined
  readonly tpm_limit?: number | null | undefined
  readonly rpm_limit?: number | null | undefined
  readonly max_parallel_requests?: number | null | undefined
  readonly model_rpm_limit?: Readonly<Record<string, number>> | null | undefined
  readonly model_tpm_limit?: Readonly<Record<string, number>> | null | undefined
  readonly temp_budget_increase?: number | null | undefined
  /** ISO 8601. */
  readonly temp_budget_expiry?: string | null | undefined
}

/** Who made and changed a document, and when (ISO 8601). */
export interface Stamps {
  readonly created_at: string
  readonly updated_at: string
  readonly created_by?: string | null | undefined
  readonly updated_by?: string | null | undefined
}

/** A virtual key. Its plain form is nowhere. */
export interface KeyDocument extends BudgetFields, Stamps {
  /** SHA-256 of the key, hex (LiteLLM's hash, so that its keys go on working). */
  readonly token: string
  /** `sk-...` and the last four characters. */
  readonly key_name: string
  readonly key_alias?: string | null | undefined
  /** ISO 8601; null: never. */
  readonly expires?: string | null | undefined
  readonly models: readonly string[]
  readonly aliases?: Readonly<Record<string, string>> | undefined
  readonly config?: Readonly<Record<string, unknown>> | undefined
  readonly permissions?: Readonly<Record<string, unknown>> | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly budget_id?: string | null | undefined
  readonly user_id?: string | null | undefined
  readonly team_id?: string | null | undefined
  readonly organization_id?: string | null | undefined
  readonly project_id?: string | null | undefined
  readonly agent_id?: string | null | undefined
  readonly allowed_routes?: readonly string[] | undefined
  readonly key_type?: string | null | undefined
  readonly tags?: readonly string[] | undefined
  readonly enforced_params?: readonly string[] | undefined
  /** Tokens of an answer that limits reserve for a call that sets no maximum. */
  readonly default_estimated_output_tokens?: number | null | undefined
  readonly default_estimated_output_tokens_per_model?: Readonly<Record<string, number>> | null | undefined
  readonly blocked?: boolean | null | undefined
  readonly auto_rotate?: boolean | undefined
  readonly rotation_interval?: string | null | undefined
  readonly rotation_count?: number | undefined
  readonly last_rotation_at?: string | null | undefined
  /**
   * Of a rotated key: the hash that its requests, tokens and parallel calls are counted under, its first one. A new key that
   * began at 0 would double the rate.
   */
  readonly counted_as?: string | undefined
  /**
   * What it spends is counted under this instead of its hash. Of a rotated key: where the one before counted, so that its
   * calls under way and the new one's spend one budget.
   */
  readonly spent_as?: string | undefined
  /** Set on the document of a rotated key's old hash: the hash that replaced it, and until when the old one is accepted. */
  readonly replaced_by?: string | undefined
  readonly grace_until?: string | undefined
  /** Fields of LiteLLM's that are kept and given back, and have no effect here. */
  readonly other?: Readonly<Record<string, unknown>> | undefined
}

export interface TeamMember {
  readonly user_id: string
  readonly user_email?: string | null | undefined
  readonly role: 'admin' | 'user'
  /** Budget and limits of this member in this team. */
  readonly budget?: BudgetFields | undefined
}

export interface TeamDocument extends BudgetFields, Stamps {
  readonly team_id: string
  readonly team_alias?: string | null | undefined
  readonly organization_id?: string | null | undefined
  readonly members_with_roles: readonly TeamMember[]
  readonly team_member_permissions?: readonly string[] | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly models: readonly string[]
  readonly model_aliases?: Readonly<Record<string, string>> | undefined
  readonly blocked?: boolean | undefined
  readonly tags?: readonly string[] | undefined
  readonly budget_id?: string | null | undefined
  /** What new members get. */
  readonly team_member_budget?: number | null | undefined
  readonly team_member_budget_duration?: string | null | undefined
  readonly team_member_rpm_limit?: number | null | undefined
  readonly team_member_tpm_limit?: number | null | undefined
  readonly team_member_key_duration?: string | null | undefined
  readonly other?: Readonly<Record<string, unknown>> | undefined
}

export interface UserDocument extends BudgetFields, Stamps {
  readonly user_id: string
  readonly user_email?: string | null | undefined
  readonly user_alias?: string | null | undefined
  readonly user_role?: Role | null | undefined
  readonly sso_user_id?: string | null | undefined
  readonly organizations?: readonly string[] | undefined
  readonly models: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly blocked?: boolean | undefined
  readonly budget_id?: string | null | undefined
  readonly other?: Readonly<Record<string, unknown>> | undefined
}

/** An end user of the caller's: known by an id in requests only. */
export interface CustomerDocument extends BudgetFields, Stamps {
  readonly user_id: string
  readonly alias?: string | null | undefined
  readonly blocked?: boolean | undefined
  readonly budget_id?: string | null | undefined
  readonly default_model?: string | null | undefined
  readonly allowed_model_region?: string | null | undefined
  readonly other?: Readonly<Record<string, unknown>> | undefined
}

/** A budget that others refer to by `budget_id`. */
export interface BudgetDocument extends BudgetFields, Stamps {
  readonly budget_id: string
  readonly other?: Readonly<Record<string, unknown>> | undefined
}

export interface OrganizationMember {
  readonly user_id: string
  readonly user_role: Role
  readonly budget?: BudgetFields | undefined
}

export interface OrganizationDocument extends BudgetFields, Stamps {
  readonly organization_id: string
  readonly organization_alias?: string | null | undefined
  readonly models: readonly string[]
  readonly members: readonly OrganizationMember[]
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly budget_id?: string | null | undefined
  readonly blocked?: boolean | undefined
  readonly other?: Readonly<Record<string, unknown>> | undefined
}

export interface DirectoryDocuments {
  key: KeyDocument
  team: TeamDocument
  user: UserDocument
  customer: CustomerDocument
  budget: BudgetDocument
  organization: OrganizationDocument
}

export type DirectoryKind = keyof DirectoryDocuments

/**
 * Keys, teams, users, customers, budgets and organizations: documents in storage, read through a cache that other nodes'
 * changes invalidate within a second.
 */
export interface Directory {
  /** Synchronous where the document (or its absence) is known. Rejects with a `StoreAway` where storage does not answer. */
  get<K extends DirectoryKind>(kind: K, id: string): Awaitable<DirectoryDocuments[K] | undefined>
  /**
   * Changes one document, one change at a time over all nodes. `change` gets what is stored and returns what is to be;
   * undefined deletes, the same object changes nothing. Visible on this node when it resolves, on others within a second.
   * @returns what is stored now
   */
  update<K extends DirectoryKind>(
    kind: K,
    id: string,
    change: (stored: DirectoryDocuments[K] | undefined) => Awaitable<DirectoryDocuments[K] | undefined>,
  ): Promise<DirectoryDocuments[K] | undefined>
  /** All documents of a kind, in no order. For management, not for calls. */
  list<K extends DirectoryKind>(kind: K): Promise<DirectoryDocuments[K][]>
  /** Grows with every change of anything, here or on another node: what was compiled from documents is stale then. */
  version(): number
}

declare module './plugin.ts' {
  interface GatewayContext {
    readonly directory: Directory
  }
}
