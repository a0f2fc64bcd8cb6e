import type { GatewayEvent, ScopeKind } from '../../src/index.ts'

/** LiteLLM's names for whom an event is about. */
const GROUPS: Readonly<Record<ScopeKind, string>> = {
  key: 'key',
  team: 'team',
  team_member: 'team_member',
  user: 'internal_user',
  end_user: 'customer',
  organization: 'organization',
  global: 'proxy',
}

/** An event with LiteLLM's field names. Money is USD; `token` is a key's hash. What nobody knows is null. */
export function toPayload({ type, at, message, scope, budget }: GatewayEvent, id: string): Record<string, unknown> {
  const idOf = (kind: ScopeKind) => (scope?.kind === kind ? scope.id : undefined)
  const nameOf = (kind: ScopeKind) => (scope?.kind === kind ? scope.name : undefined)
  return {
    id,
    event: type,
    event_group: scope ? GROUPS[scope.kind] : null,
    event_message: message,
    created_at: new Date(at).toISOString(),
    spend: dollars(budget?.spend),
    max_budget: dollars(budget?.max),
    soft_budget: dollars(budget?.soft),
    threshold: budget?.threshold ?? null,
    budget_id: budget?.id ?? null,
    budget_duration: budget?.window?.duration ?? null,
    budget_reset_at: budget?.window ? new Date(budget.window.end).toISOString() : null,
    models: budget?.models ?? null,
    token: idOf('key') ?? null,
    key_alias: nameOf('key') ?? null,
    user_id: idOf('user') ?? scope?.user ?? null,
    team_id: idOf('team') ?? scope?.team ?? null,
    team_alias: nameOf('team') ?? null,
    customer_id: idOf('end_user') ?? null,
    organization_id: idOf('organization') ?? scope?.organization ?? null,
  }
}

function dollars(nano: number | undefined): number | null {
  return nano === undefined ? null : nano / 1e9
}
