import { createHash } from 'node:crypto'

/** The hash that LiteLLM keeps of a key. */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

const STAMPS =
  'created_at timestamp(3) DEFAULT now() NOT NULL, created_by text, updated_at timestamp(3) DEFAULT now() NOT NULL, updated_by text'

/** Tables with the names, columns and types of LiteLLM's, as far as they are read. */
export const SCHEMA = `
CREATE TABLE "LiteLLM_BudgetTable" (budget_id text PRIMARY KEY, max_budget double precision, soft_budget double precision,
  max_parallel_requests integer, tpm_limit bigint, rpm_limit bigint, model_max_budget jsonb, budget_duration text,
  budget_reset_at timestamp(3), allowed_models text[] DEFAULT '{}', ${STAMPS});
CREATE TABLE "LiteLLM_OrganizationTable" (organization_id text PRIMARY KEY, organization_alias text NOT NULL,
  budget_id text, metadata jsonb DEFAULT '{}', models text[], spend double precision DEFAULT 0, model_spend jsonb DEFAULT '{}',
  object_permission_id text, ${STAMPS});
CREATE TABLE "LiteLLM_ModelTable" (id serial PRIMARY KEY, aliases jsonb, ${STAMPS});
CREATE TABLE "LiteLLM_TeamTable" (team_id text PRIMARY KEY, team_alias text, organization_id text, object_permission_id text,
  admins text[], members text[], members_with_roles jsonb DEFAULT '{}', metadata jsonb DEFAULT '{}',
  max_budget double precision, soft_budget double precision, spend double precision DEFAULT 0, models text[],
  max_parallel_requests integer, tpm_limit bigint, rpm_limit bigint, budget_duration text, budget_reset_at timestamp(3),
  blocked boolean DEFAULT false, created_at timestamp(3) DEFAULT now(), updated_at timestamp(3) DEFAULT now(),
  model_spend jsonb DEFAULT '{}', model_max_budget jsonb DEFAULT '{}', router_settings jsonb DEFAULT '{}',
  team_member_permissions text[] DEFAULT '{}', access_group_ids text[] DEFAULT '{}', policies text[] DEFAULT '{}',
  model_id integer, budget_limits jsonb);
CREATE TABLE "LiteLLM_UserTable" (user_id text PRIMARY KEY, user_alias text, team_id text, sso_user_id text,
  organization_id text, object_permission_id text, password text, teams text[] DEFAULT '{}', user_role text,
  max_budget double precision, spend double precision DEFAULT 0, user_email text, models text[], metadata jsonb DEFAULT '{}',
  max_parallel_requests integer, tpm_limit bigint, rpm_limit bigint, budget_duration text, budget_reset_at timestamp(3),
  allowed_cache_controls text[] DEFAULT '{}', policies text[] DEFAULT '{}', model_spend jsonb DEFAULT '{}',
  model_max_budget jsonb DEFAULT '{}', created_at timestamp(3) DEFAULT now(), updated_at timestamp(3) DEFAULT now());
CREATE TABLE "LiteLLM_VerificationToken" (token text PRIMARY KEY, key_name text, key_alias text,
  soft_budget_cooldown boolean DEFAULT false, spend double precision DEFAULT 0, expires timestamp(3), models text[],
  aliases jsonb DEFAULT '{}', config jsonb DEFAULT '{}', router_settings jsonb DEFAULT '{}', user_id text, team_id text,
  agent_id text, project_id text, permissions jsonb DEFAULT '{}', max_parallel_requests integer, metadata jsonb DEFAULT '{}',
  blocked boolean, tpm_limit bigint, rpm_limit bigint, max_budget double precision, budget_duration text,
  budget_reset_at timestamp(3), allowed_cache_controls text[] DEFAULT '{}', allowed_routes text[] DEFAULT '{}',
  policies text[] DEFAULT '{}', access_group_ids text[] DEFAULT '{}', model_spend jsonb DEFAULT '{}',
  model_max_budget jsonb DEFAULT '{}', budget_id text, organization_id text, object_permission_id text, ${STAMPS},
  last_active timestamp(3), rotation_count integer DEFAULT 0, auto_rotate boolean DEFAULT false, rotation_interval text,
  last_rotation_at timestamp(3), key_rotation_at timestamp(3), budget_limits jsonb);
CREATE TABLE "LiteLLM_DeprecatedVerificationToken" (id text PRIMARY KEY, token text, active_token_id text,
  revoke_at timestamp(3), created_at timestamp(3) DEFAULT now());
CREATE TABLE "LiteLLM_EndUserTable" (user_id text PRIMARY KEY, alias text, spend double precision DEFAULT 0,
  allowed_model_region text, default_model text, budget_id text, object_permission_id text, blocked boolean DEFAULT false);
CREATE TABLE "LiteLLM_TeamMembership" (user_id text, team_id text, spend double precision DEFAULT 0,
  total_spend double precision DEFAULT 0, budget_id text, PRIMARY KEY (user_id, team_id));
CREATE TABLE "LiteLLM_OrganizationMembership" (user_id text, organization_id text, user_role text,
  spend double precision DEFAULT 0, budget_id text, created_at timestamp(3), updated_at timestamp(3),
  PRIMARY KEY (user_id, organization_id));
CREATE TABLE "LiteLLM_SpendLogs" (request_id text PRIMARY KEY, spend double precision);
CREATE TABLE "LiteLLM_AuditLog" (id text PRIMARY KEY);
CREATE TABLE _prisma_migrations (id text PRIMARY KEY);
`

const TIMES = `'2026-01-01 00:00:00', 'admin', '2026-01-02 00:00:00', 'admin'`

/** One of everything. "Now" is 2026-11-18, a Wednesday. */
export const ROWS = `
INSERT INTO "LiteLLM_BudgetTable" (budget_id, max_budget, soft_budget, tpm_limit, rpm_limit, model_max_budget, budget_duration, budget_reset_at, allowed_models, created_at, created_by, updated_at, updated_by) VALUES
  ('gold', 100, 80, 9007199254740991, 60, '{"gpt-4o": {"budget_limit": 5, "time_period": "1d"}}', '7d', '2026-11-23 00:00:00', '{}', ${TIMES}),
  ('member', 3.5, NULL, NULL, 7, NULL, '1d', NULL, '{gpt-4o}', ${TIMES}),
  ('odd', 1, NULL, NULL, NULL, NULL, 'fortnight', NULL, '{}', ${TIMES});
INSERT INTO "LiteLLM_OrganizationTable" (organization_id, organization_alias, budget_id, metadata, models, spend, created_at, created_by, updated_at, updated_by) VALUES
  ('org', 'Research', 'gold', '{"floor": 3}', '{gpt-4o}', 20, ${TIMES});
INSERT INTO "LiteLLM_ModelTable" (id, aliases, created_by, updated_by) VALUES (3, '{"fast": "gpt-4o-mini"}', 'admin', 'admin');
INSERT INTO "LiteLLM_TeamTable" (team_id, team_alias, organization_id, admins, members, members_with_roles, metadata, max_budget, budget_duration, budget_reset_at, spend, models, model_id, created_at, updated_at, router_settings) VALUES
  ('red', 'Red', 'org', '{}', '{}', '[{"role": "admin", "user_id": "ann"}, {"role": "user", "user_id": "bob", "user_email": "bob@example.com"}]', '{"tags": ["prod"], "model_rpm_limit": {"gpt-4o": 5}, "team_member_budget_id": "member", "cost_center": 7}', 250.5, '1mo', '2026-12-01 00:00:00', 12.000000001, '{gpt-4o,"claude, \\"big\\""}', 3, '2026-01-01', '2026-01-02', '{"num_retries": 3}'),
  ('blue', NULL, NULL, '{zoe}', '{zoe,yan}', '{}', '{}', NULL, NULL, NULL, 0, NULL, NULL, '2026-01-01', '2026-01-02', '{}');
INSERT INTO "LiteLLM_TeamMembership" (user_id, team_id, spend, budget_id) VALUES ('bob', 'red', 1.5, 'gold'), ('ghost', 'red', 2, NULL);
INSERT INTO "LiteLLM_UserTable" (user_id, user_email, user_role, sso_user_id, password, teams, models, metadata, max_budget, spend, created_at, updated_at) VALUES
  ('ann', 'ann@example.com', 'proxy_admin', 'sso-1', 'scrypt:secret-password-hash', '{red}', '{}', '{}', 10, 4, '2026-01-01', '2026-01-02'),
  ('bob', NULL, 'wizard', NULL, NULL, '{red,blue}', '{gpt-4o}', '{"note": "tab\\there"}', NULL, 0, '2026-01-01', '2026-01-02');
INSERT INTO "LiteLLM_OrganizationMembership" (user_id, organization_id, user_role, spend, budget_id) VALUES ('bob', 'org', 'internal_user', 0, 'member'), ('ann', 'org', 'org_admin', 0, NULL);
INSERT INTO "LiteLLM_VerificationToken" (token, key_name, key_alias, spend, expires, models, aliases, user_id, team_id, metadata, blocked, tpm_limit, rpm_limit, max_parallel_requests, max_budget, budget_duration, budget_reset_at, model_max_budget, budget_limits, allowed_routes, created_at, created_by, updated_at, updated_by, access_group_ids, rotation_interval, auto_rotate) VALUES
  ('${hashOf('sk-first-key')}', 'sk-...-key', 'first', 0.1, '2027-01-01 00:00:00', '{gpt-4o,openai/*}', '{"mine": "gpt-4o"}', 'ann', 'red', '{"tags": ["a"], "guardrails": ["pii"], "model_tpm_limit": {"gpt-4o": 100}, "temp_budget_increase": 5, "temp_budget_expiry": "2026-12-24T06:00:00"}', true, 1000, 10, 2, 25, '30d', '2026-12-01 00:00:00', '{"gpt-4o": {"max_budget": 2, "budget_duration": "1d"}}', '[{"budget_duration": "1d", "max_budget": 1, "reset_at": "2026-11-19"}]', '{llm_api_routes}', '2026-03-01 10:20:30.456', 'ann', '2026-03-02 00:00:00', 'ann', '{group-1}', '30d', true),
  ('${hashOf('sk-overdue-key')}', 'sk-...key2', 'overdue', 7, NULL, '{}', '{}', NULL, NULL, '{}', NULL, NULL, NULL, NULL, 9, '1d', '2026-11-17 00:00:00', '{}', NULL, '{}', ${TIMES}, '{}', NULL, false),
  ('${hashOf('sk-expired-key')}', 'sk-...key3', 'expired', 1, '2026-01-01 00:00:00', '{}', '{}', NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', NULL, '{}', ${TIMES}, '{}', NULL, false),
  ('${hashOf('sk-session')}', 'sk-...sion', NULL, 0, NULL, '{}', '{}', 'ann', 'litellm-dashboard', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', NULL, '{}', ${TIMES}, '{}', NULL, false),
  ('sk-plain-text-key', 'sk-...-key', 'plain', 0, NULL, '{}', '{}', NULL, NULL, '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', NULL, '{}', ${TIMES}, '{}', NULL, false),
  ('${hashOf('sk-bad-tags')}', 'sk-...tags', 'bad tags', 5, NULL, '{}', '{}', NULL, NULL, '{"tags": "prod"}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', NULL, '{}', ${TIMES}, '{}', NULL, false);
INSERT INTO "LiteLLM_DeprecatedVerificationToken" (id, token, active_token_id, revoke_at) VALUES
  ('1', '${hashOf('sk-old-first-key')}', '${hashOf('sk-first-key')}', '2026-11-20 00:00:00'),
  ('2', '${hashOf('sk-older-first-key')}', '${hashOf('sk-first-key')}', '2026-11-10 00:00:00');
INSERT INTO "LiteLLM_EndUserTable" (user_id, alias, spend, allowed_model_region, budget_id, blocked) VALUES ('visitor/1', 'Visitor', 1.25, 'eu', 'gold', true);
INSERT INTO "LiteLLM_SpendLogs" VALUES ('r1', 1), ('r2', 2);
INSERT INTO _prisma_migrations VALUES ('1');
`

/** The moment that the rows above are made for. */
export const NOW = Date.UTC(2026, 10, 18, 12)
