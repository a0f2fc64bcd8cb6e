import { describe, expect, it } from 'vitest'
import { startApi } from './support.ts'
import type { Json } from './support.ts'

const BAD: readonly [Json, string][] = [
  [{ max_budget: -1 }, 'max_budget'],
  [{ max_budget: '5' }, 'max_budget'],
  [{ max_budget: 1e10 }, 'max_budget'],
  [{ soft_budget: -0.1 }, 'soft_budget'],
  [{ budget_duration: 'monthly' }, 'budget_duration'],
  [{ budget_duration: '0d' }, 'budget_duration'],
  [{ budget_limits: [{ budget_duration: '1d', max_budget: -1 }] }, 'budget_limits[0].max_budget'],
  [{ budget_limits: [{ budget_duration: 'x', max_budget: 1 }] }, 'budget_limits[0].budget_duration'],
  [{ model_max_budget: { m: { budget_limit: -1 } } }, 'model_max_budget.m.budget_limit'],
  [{ model_max_budget: { m: { time_period: 'x' } } }, 'model_max_budget.m.time_period'],
  [{ tpm_limit: -5 }, 'tpm_limit'],
  [{ rpm_limit: 1.5 }, 'rpm_limit'],
  [{ max_parallel_requests: -1 }, 'max_parallel_requests'],
  [{ model_rpm_limit: { m: -1 } }, 'model_rpm_limit.m'],
  [{ temp_budget_increase: 5 }, 'temp_budget_expiry'],
  [{ temp_budget_expiry: '2999-01-01' }, 'temp_budget_increase'],
  [{ temp_budget_increase: 5, temp_budget_expiry: 'soon' }, 'temp_budget_expiry'],
]

describe.each([
  ['/team/new', {}],
  ['/user/new', {}],
  ['/customer/new', { user_id: 'c' }],
  ['/budget/new', {}],
  ['/organization/new', { organization_alias: 'o' }],
])('%s', (path, base) => {
  it('refuses budgets and limits that mean nothing, and stores nothing', async () => {
    const { post, context } = await startApi()
    const found: unknown[] = []
    for (const [fields] of BAD) {
      const { status, body } = await post(path, { ...base, ...fields })
      found.push([status, body.error?.param])
    }
    expect(found).toEqual(BAD.map(([, param]) => [400, param]))
    for (const kind of ['team', 'user', 'customer', 'budget', 'organization', 'key'] as const) {
      expect(await context.directory.list(kind)).toEqual([])
    }
  })

  it('refuses a budget that is not there', async () => {
    const { post } = await startApi()
    if (path === '/budget/new') return
    const { status, body } = await post(path, { ...base, budget_id: 'none' })
    expect([status, body.error.param, body.error.code]).toEqual([404, 'budget_id', 'budget_not_found'])
  })
})

it.each([
  ['/team/new', { team_id: 'a/b' }, 400, 'team_id'],
  ['/team/new', { team_id: '' }, 400, 'team_id'],
  ['/team/new', { organization_id: 'none' }, 404, 'organization_id'],
  ['/team/update', {}, 400, 'team_id'],
  ['/team/update', { team_id: 'none' }, 404, 'team_id'],
  ['/team/update', { team_id: 't', organization_id: 'none' }, 404, 'organization_id'],
  ['/team/update', { team_id: 't', budget_id: 'none' }, 404, 'budget_id'],
  ['/team/update', { team_id: 't', temp_budget_increase: 1 }, 400, 'temp_budget_expiry'],
  ['/team/update', { team_id: 't', members_with_roles: [{ user_id: 'u', role: 'admin' }] }, 400, 'members_with_roles'],
  ['/team/update', { team_id: 't', admins: ['u'] }, 400, 'admins'],
  ['/user/update', { user_id: 'u', teams: ['t'] }, 400, 'teams'],
  ['/user/update', { user_id: 'u', organizations: ['o'] }, 400, 'organizations'],
  ['/team/new', { team_id: 't' }, 400, 'team_id'],
  ['/team/delete', { team_ids: [] }, 400, 'team_ids'],
  ['/team/member_add', { team_id: 't', member: { role: 'user' } }, 400, 'user_id'],
  ['/team/member_add', { team_id: 't', member: { user_id: 'x', role: 'owner' } }, 400, 'member.role'],
  ['/team/member_add', { team_id: 'none', member: { user_id: 'x', role: 'user' } }, 404, 'team_id'],
  [
    '/team/member_add',
    { team_id: 't', member: { user_id: 'x', role: 'user' }, max_budget_in_team: -1 },
    400,
    'max_budget_in_team',
  ],
  ['/team/member_update', { team_id: 't', user_id: 'none' }, 404, 'user_id'],
  ['/team/member_delete', { team_id: 't' }, 400, 'user_id'],
  ['/team/bulk_member_add', { team_id: 't' }, 400, 'members'],
  ['/team/model/delete', { team_id: 't', models: ['x'] }, 400, 'models'],
  ['/team/t/member/u/reset_spend', { reset_to: -1 }, 400, 'reset_to'],
  ['/user/new', { user_role: 'king' }, 400, 'user_role'],
  ['/user/new', { password: 'secret-password' }, 400, 'password'],
  ['/user/new', { teams: ['none'] }, 404, 'teams'],
  ['/user/new', { organizations: ['none'] }, 404, 'organizations'],
  ['/user/new', { user_id: 'a\u0000b' }, 400, 'user_id'],
  ['/user/update', {}, 400, 'user_id'],
  ['/user/update', { user_email: 'none@example.com' }, 404, 'user_email'],
  ['/user/bulk_update', {}, 400, 'users'],
  ['/customer/new', {}, 400, 'user_id'],
  ['/customer/new', { user_id: 'c', allowed_model_region: 'moon' }, 400, 'allowed_model_region'],
  ['/customer/update', { user_id: 'none' }, 404, 'user_id'],
  ['/budget/new', { budget_reset_at: '2999-01-01' }, 400, 'budget_reset_at'],
  ['/organization/new', {}, 400, 'organization_alias'],
  ['/organization/member_add', { organization_id: 'none', member: { user_id: 'x' } }, 404, 'organization_id'],
] as const)('%s %j is refused: %i %s', async (path, body, status, param) => {
  const { post } = await startApi()
  await post('/team/new', { team_id: 't' })
  const answer = await post(path, body)
  expect([answer.status, answer.body.error?.param]).toEqual([status, param])
  expect(JSON.stringify(answer.body)).not.toContain('secret-password')
})

it('describes every route in the OpenAPI document', async () => {
  const { get } = await startApi()
  const { paths } = (await get('/openapi.json')).body
  const wanted = [
    'post /team/new',
    'post /team/update',
    'post /team/delete',
    'get /team/info',
    'get /team/list',
    'get /v2/team/list',
    'post /team/block',
    'post /team/unblock',
    'post /team/member_add',
    'post /team/member_update',
    'post /team/member_delete',
    'post /team/bulk_member_add',
    'get /team/permissions_list',
    'post /team/permissions_update',
    'post /team/model/add',
    'post /team/model/delete',
    'post /team/{team_id}/member/{user_id}/reset_spend',
    'post /user/new',
    'post /user/update',
    'post /user/bulk_update',
    'post /user/delete',
    'get /user/info',
    'get /v2/user/info',
    'get /user/list',
    'get /user/available_roles',
    ...['customer', 'end_user'].flatMap((base) => [
      `post /${base}/new`,
      `post /${base}/update`,
      `post /${base}/delete`,
      `get /${base}/info`,
      `get /${base}/list`,
      `post /${base}/block`,
      `post /${base}/unblock`,
    ]),
    'post /budget/new',
    'post /budget/update',
    'post /budget/info',
    'get /budget/settings',
    'get /budget/list',
    'post /budget/delete',
    'post /organization/new',
    'patch /organization/update',
    'delete /organization/delete',
    'get /organization/info',
    'get /organization/list',
    'post /organization/member_add',
    'patch /organization/member_update',
    'delete /organization/member_delete',
  ]
  const found = Object.entries<Json>(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`),
  )
  expect(wanted.filter((route) => !found.includes(route))).toEqual([])
  expect(paths['/team/new'].post.requestBody.content['application/json'].schema).toBeDefined()
})
