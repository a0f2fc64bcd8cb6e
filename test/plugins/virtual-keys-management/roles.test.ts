import { describe, expect, it } from 'vitest'
import { startWorld } from './support.ts'
import type { Callers } from './support.ts'

type Name = keyof Callers
const EVERYBODY: readonly Name[] = [
  'master',
  'admin',
  'viewer',
  'orgAdmin',
  'otherOrgAdmin',
  'teamAdmin',
  'member',
  'readOnly',
  'stranger',
  'service',
]
const ADMINS: readonly Name[] = ['master', 'admin']

interface Row {
  readonly what: string
  readonly method?: string
  readonly path: string
  readonly body?: Record<string, unknown>
  /** All others are refused with 403. */
  readonly allowed: readonly Name[]
}

const MANAGERS: readonly Name[] = [...ADMINS, 'orgAdmin', 'teamAdmin']
const OWNERS: readonly Name[] = [...ADMINS, 'orgAdmin']
const SEE_ALL: readonly Name[] = [...ADMINS, 'viewer']
const SEE_ALPHA: readonly Name[] = [...SEE_ALL, 'orgAdmin', 'teamAdmin', 'member', 'readOnly', 'service']

/** What changes something runs in a world of its own, so that none depends on what another changed. */
const TABLE: readonly Row[] = [
  { what: 'makes a team of no organization', path: '/team/new', body: {}, allowed: ADMINS },
  { what: 'makes a team of org-a', path: '/team/new', body: { organization_id: 'org-a' }, allowed: OWNERS },
  {
    what: 'makes a team of org-b',
    path: '/team/new',
    body: { organization_id: 'org-b' },
    allowed: [...ADMINS, 'otherOrgAdmin'],
  },
  { what: 'names a team', path: '/team/update', body: { team_id: 'alpha', team_alias: 'A' }, allowed: MANAGERS },
  {
    what: 'lowers a team’s budget',
    path: '/team/update',
    body: { team_id: 'alpha', max_budget: 5 },
    allowed: MANAGERS,
  },
  {
    what: 'raises a team’s budget within the organization',
    path: '/team/update',
    body: { team_id: 'alpha', max_budget: 99 },
    allowed: MANAGERS,
  },
  {
    what: 'takes a team’s budget away',
    path: '/team/update',
    body: { team_id: 'alpha', max_budget: null },
    allowed: OWNERS,
  },
  {
    what: 'changes a team’s window',
    path: '/team/update',
    body: { team_id: 'alpha', budget_duration: '1d' },
    allowed: OWNERS,
  },
  {
    what: 'raises a team’s budget for a time',
    path: '/team/update',
    body: { team_id: 'alpha', temp_budget_increase: 9, temp_budget_expiry: '2999-01-01' },
    allowed: OWNERS,
  },
  {
    what: 'sets a limit where there was none',
    path: '/team/update',
    body: { team_id: 'alpha', rpm_limit: 5 },
    allowed: MANAGERS,
  },
  {
    what: 'names what a team is for',
    path: '/team/update',
    body: { team_id: 'alpha', metadata: { x: 1 } },
    allowed: MANAGERS,
  },
  {
    what: 'loosens a limit in metadata',
    path: '/team/update',
    body: { team_id: 'limited', metadata: {} },
    allowed: OWNERS,
  },
  {
    what: 'gives members a budget',
    path: '/team/update',
    body: { team_id: 'alpha', team_member_budget: 1 },
    allowed: MANAGERS,
  },
  { what: 'reads teams to join', method: 'GET', path: '/team/available', allowed: EVERYBODY },
  {
    what: 'gives a team more models',
    path: '/team/model/add',
    body: { team_id: 'alpha', models: ['dear'] },
    allowed: OWNERS,
  },
  { what: 'gives a team all models', path: '/team/update', body: { team_id: 'alpha', models: [] }, allowed: OWNERS },
  {
    what: 'takes a model from a team',
    path: '/team/model/delete',
    body: { team_id: 'alpha', models: ['other'] },
    allowed: MANAGERS,
  },
  { what: 'moves a team', path: '/team/update', body: { team_id: 'alpha', organization_id: 'org-b' }, allowed: ADMINS },
  { what: 'changes a team that is not there', path: '/team/update', body: { team_id: 'none' }, allowed: [] },
  { what: 'blocks a team', path: '/team/block', body: { team_id: 'alpha' }, allowed: OWNERS },
  { what: 'unblocks a team', path: '/team/unblock', body: { team_id: 'alpha' }, allowed: OWNERS },
  { what: 'deletes a team', path: '/team/delete', body: { team_ids: ['alpha'] }, allowed: OWNERS },
  {
    what: 'deletes a team along with another’s',
    path: '/team/delete',
    body: { team_ids: ['alpha', 'beta'] },
    allowed: ADMINS,
  },
  { what: 'reads a team', method: 'GET', path: '/team/info?team_id=alpha', allowed: SEE_ALPHA },
  {
    what: 'reads a team’s permissions',
    method: 'GET',
    path: '/team/permissions_list?team_id=alpha',
    allowed: SEE_ALPHA,
  },
  {
    what: 'sets a team’s permissions',
    path: '/team/permissions_update',
    body: { team_id: 'alpha', team_member_permissions: ['/key/generate'] },
    allowed: MANAGERS,
  },
  {
    what: 'adds a member',
    path: '/team/member_add',
    body: { team_id: 'alpha', member: { user_id: 'new', role: 'user' } },
    allowed: MANAGERS,
  },
  {
    what: 'adds a member to another team',
    path: '/team/member_add',
    body: { team_id: 'beta', member: { user_id: 'new', role: 'user' } },
    allowed: [...ADMINS, 'otherOrgAdmin'],
  },
  {
    what: 'adds many members',
    path: '/team/bulk_member_add',
    body: { team_id: 'alpha', members: [{ user_id: 'new', role: 'user' }] },
    allowed: MANAGERS,
  },
  {
    what: 'adds everybody',
    path: '/team/bulk_member_add',
    body: { team_id: 'beta', all_users: true },
    allowed: ADMINS,
  },
  {
    what: 'gives a member a budget',
    path: '/team/member_update',
    body: { team_id: 'alpha', user_id: 'member', max_budget_in_team: 5 },
    allowed: MANAGERS,
  },
  {
    what: 'gives the team’s admin a budget',
    path: '/team/member_update',
    body: { team_id: 'alpha', user_id: 'team-admin', max_budget_in_team: 5 },
    allowed: OWNERS,
  },
  {
    what: 'takes a member out',
    path: '/team/member_delete',
    body: { team_id: 'alpha', user_id: 'member' },
    allowed: MANAGERS,
  },
  {
    what: 'sets a member’s spend back',
    path: '/team/alpha/member/member/reset_spend',
    body: { reset_to: 0 },
    allowed: MANAGERS,
  },
  {
    what: 'sets the team admin’s spend back',
    path: '/team/alpha/member/team-admin/reset_spend',
    body: { reset_to: 0 },
    allowed: OWNERS,
  },

  { what: 'makes a user', path: '/user/new', body: { auto_create_key: false }, allowed: ADMINS },
  { what: 'makes a user with a key', path: '/user/new', body: {}, allowed: ADMINS },
  { what: 'makes a user of org-a', path: '/user/new', body: { organizations: ['org-a'] }, allowed: OWNERS },
  { what: 'makes a user of both', path: '/user/new', body: { organizations: ['org-a', 'org-b'] }, allowed: ADMINS },
  {
    what: 'makes an admin',
    path: '/user/new',
    body: { organizations: ['org-a'], user_role: 'proxy_admin' },
    allowed: ADMINS,
  },
  { what: 'makes a user with spend', path: '/user/new', body: { organizations: ['org-a'], spend: 1 }, allowed: ADMINS },
  {
    what: 'makes a user in a foreign team',
    path: '/user/new',
    body: { organizations: ['org-a'], teams: ['beta'] },
    allowed: ADMINS,
  },
  {
    what: 'changes a user of no organization',
    path: '/user/update',
    body: { user_id: 'stranger', max_budget: 5 },
    allowed: ADMINS,
  },
  {
    what: 'changes an org admin',
    path: '/user/update',
    body: { user_id: 'org-admin', max_budget: 5 },
    allowed: ADMINS,
  },
  { what: 'changes a proxy admin', path: '/user/update', body: { user_id: 'admin', user_alias: 'x' }, allowed: ADMINS },
  {
    what: 'changes a user that is not there',
    path: '/user/update',
    body: { user_id: 'none', user_alias: 'x' },
    allowed: [],
  },
  {
    what: 'changes everybody',
    path: '/user/bulk_update',
    body: { all_users: true, user_updates: { tpm_limit: 5 } },
    allowed: ADMINS,
  },
  { what: 'deletes a user', path: '/user/delete', body: { user_ids: ['stranger'] }, allowed: ADMINS },
  { what: 'reads a member', method: 'GET', path: '/user/info?user_id=member', allowed: [...SEE_ALL, 'member'] },
  {
    what: 'reads a member alone',
    method: 'GET',
    path: '/v2/user/info?user_id=member',
    allowed: [...SEE_ALL, 'member'],
  },
  {
    what: 'reads an org admin',
    method: 'GET',
    path: '/v2/user/info?user_id=org-admin',
    allowed: [...SEE_ALL, 'orgAdmin'],
  },
  { what: 'lists users', method: 'GET', path: '/user/list', allowed: [...SEE_ALL, 'orgAdmin', 'otherOrgAdmin'] },
  { what: 'reads the roles', method: 'GET', path: '/user/available_roles', allowed: EVERYBODY },
  { what: 'lists teams', method: 'GET', path: '/team/list', allowed: EVERYBODY },
  { what: 'lists teams by page', method: 'GET', path: '/v2/team/list', allowed: EVERYBODY },

  ...['/customer', '/end_user'].flatMap((base): Row[] => [
    { what: 'makes a customer', path: `${base}/new`, body: { user_id: 'c' }, allowed: ADMINS },
    { what: 'blocks a customer', path: `${base}/block`, body: { user_ids: ['c'] }, allowed: ADMINS },
    { what: 'lists customers', method: 'GET', path: `${base}/list`, allowed: SEE_ALL },
  ]),
  { what: 'makes a budget', path: '/budget/new', body: { max_budget: 1 }, allowed: ADMINS },
  { what: 'lists budgets', method: 'GET', path: '/budget/list', allowed: SEE_ALL },

  { what: 'makes an organization', path: '/organization/new', body: { organization_alias: 'x' }, allowed: ADMINS },
  {
    what: 'changes an organization',
    method: 'PATCH',
    path: '/organization/update',
    body: { organization_id: 'org-a', max_budget: 999 },
    allowed: ADMINS,
  },
  {
    what: 'deletes an organization',
    method: 'DELETE',
    path: '/organization/delete',
    body: { organization_ids: ['org-a'] },
    allowed: ADMINS,
  },
  {
    what: 'reads an organization',
    method: 'GET',
    path: '/organization/info?organization_id=org-a',
    allowed: [...SEE_ALL, 'orgAdmin', 'service'],
  },
  { what: 'lists organizations', method: 'GET', path: '/organization/list', allowed: EVERYBODY },
  {
    what: 'adds a new user to an organization',
    path: '/organization/member_add',
    body: { organization_id: 'org-a', member: { user_id: 'new', role: 'internal_user' } },
    allowed: OWNERS,
  },
  {
    what: 'takes a stranger into an organization',
    path: '/organization/member_add',
    body: { organization_id: 'org-a', member: { user_id: 'stranger', role: 'internal_user' } },
    allowed: ADMINS,
  },
  {
    what: 'changes a member of an organization',
    method: 'PATCH',
    path: '/organization/member_update',
    body: { organization_id: 'org-a', user_id: 'org-admin', role: 'org_admin' },
    allowed: OWNERS,
  },
  {
    what: 'takes a member out of an organization',
    method: 'DELETE',
    path: '/organization/member_delete',
    body: { organization_id: 'org-a', user_id: 'org-admin' },
    allowed: OWNERS,
  },
]

describe.each(EVERYBODY)('%s', (name) => {
  it('does what the role allows and nothing else', async () => {
    const found: Record<string, number> = {}
    const wanted: Record<string, number> = {}
    const untouched = await startWorld()
    for (const { what, method = 'POST', path, body, allowed } of TABLE) {
      // What is refused and what reads leaves the world as it was.
      const { call, callers } = method !== 'GET' && allowed.includes(name) ? await startWorld() : untouched
      const { status } = await call(method, path, { key: callers[name], ...(body ? { body } : {}) })
      const missing = allowed.length === 0 && (SEE_ALL as readonly string[]).includes(name)
      const label = `${what}: ${method} ${path}`
      found[label] = status
      wanted[label] = allowed.includes(name) ? 200 : missing ? 404 : 403
    }
    expect(found).toEqual(wanted)
  }, 60_000)
})
