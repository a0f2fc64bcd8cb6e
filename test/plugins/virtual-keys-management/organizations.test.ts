import { expect, it } from 'vitest'
import { startApi, startWorld } from './support.ts'

it('makes, reads and changes organizations', async () => {
  const { post, get, call } = await startApi()
  const made = await post('/organization/new', {
    organization_id: 'o',
    organization_alias: 'Acme',
    models: ['mock'],
    max_budget: 10,
    budget_duration: '1mo',
    metadata: { x: 1 },
    model_rpm_limit: { mock: 5 },
    object_permission: {},
  })
  expect(made.body).toMatchObject({
    organization_id: 'o',
    organization_alias: 'Acme',
    models: ['mock'],
    max_budget: 10,
    model_rpm_limit: { mock: 5 },
    object_permission: {},
    litellm_budget_table: { max_budget: 10 },
    spend: 0,
    members: [],
    teams: [],
  })
  await post('/team/new', { team_id: 't', organization_id: 'o' })
  const info = (await get('/organization/info?organization_id=o')).body
  expect(info.teams).toMatchObject([{ team_id: 't', organization_id: 'o' }])
  const update = { organization_id: 'o', max_budget: 20, models: null }
  const { body } = await call('PATCH', '/organization/update', { body: update })
  expect(body).toMatchObject({ organization_alias: 'Acme', max_budget: 20, models: [] })
  expect((await get('/organization/list?org_alias=acm')).body).toHaveLength(1)
  expect((await get('/organization/list?org_id=x')).body).toEqual([])
  const taken = await post('/organization/new', { organization_id: 'o', organization_alias: 'x' })
  expect(taken).toMatchObject({ status: 400, body: { error: { code: 'organization_exists' } } })
})

it('gives no team more than the organization has', async () => {
  const { post } = await startApi()
  await post('/budget/new', { budget_id: 'big', max_budget: 11 })
  await post('/organization/new', {
    organization_id: 'o',
    organization_alias: 'O',
    max_budget: 10,
    rpm_limit: 5,
    models: ['mock', 'openai/*'],
  })
  const make = async (fields: object) => {
    const { status, body } = await post('/team/new', { organization_id: 'o', ...fields })
    return status === 200 ? 200 : body.error.param
  }
  expect(await make({ max_budget: 10, rpm_limit: 5, models: ['mock', 'openai/gpt-4o', 'openai/*'] })).toBe(200)
  expect(await make({})).toBe(200)
  expect(await make({ max_budget: 10.01 })).toBe('max_budget')
  expect(await make({ budget_id: 'big' })).toBe('max_budget')
  expect(await make({ rpm_limit: 6 })).toBe('rpm_limit')
  expect(await make({ models: ['other'] })).toBe('models')
  expect(await make({ models: ['*'] })).toBe('models')
  const { body } = await post('/team/new', { team_id: 't', organization_id: 'o', max_budget: 5 })
  expect(body.max_budget).toBe(5)
  expect((await post('/team/update', { team_id: 't', max_budget: 11 })).body.error.param).toBe('max_budget')
  expect((await post('/team/model/add', { team_id: 't', models: ['other'] })).body.error.param).toBe('models')
})

it('may get less than its teams have, which can still be changed otherwise', async () => {
  const { post, call } = await startApi()
  await post('/organization/new', { organization_id: 'o', organization_alias: 'O', max_budget: 10 })
  await post('/team/new', { team_id: 't', organization_id: 'o', max_budget: 10 })
  await call('PATCH', '/organization/update', { body: { organization_id: 'o', max_budget: 5 } })
  expect((await post('/team/update', { team_id: 't', team_alias: 'T' })).status).toBe(200)
  expect((await post('/team/update', { team_id: 't', max_budget: 6 })).body.error.param).toBe('max_budget')
  expect((await post('/team/update', { team_id: 't', max_budget: 5 })).status).toBe(200)
})

it('has members with roles, who see it', async () => {
  const { post, get, call, key } = await startApi()
  await post('/organization/new', { organization_id: 'o', organization_alias: 'O' })
  const added = await post('/organization/member_add', {
    organization_id: 'o',
    member: [{ user_email: 'a@example.com', role: 'org_admin' }, { user_id: 'b' }],
    max_budget_in_organization: 3,
  })
  const [a] = added.body.updated_users
  expect(added.body.updated_organization_memberships).toMatchObject([
    { user_role: 'org_admin', user_email: 'a@example.com', litellm_budget_table: { max_budget: 3 } },
    { user_id: 'b', user_role: 'internal_user' },
  ])
  const admin = await key({ user_id: a.user_id })
  const plain = await key({ user_id: 'b' })
  expect((await get('/organization/info?organization_id=o', plain)).status).toBe(200)
  const seen = (await get('/organization/info?organization_id=o', plain)).body
  expect(seen.members.map(({ user_id }: { user_id: string }) => user_id)).toEqual(['b'])
  expect((await get('/organization/info?organization_id=o', admin)).body.members).toHaveLength(2)
  const team = { organization_id: 'o', team_id: 't' }
  expect((await post('/team/new', team, plain)).status).toBe(403)
  expect((await post('/team/new', team, admin)).body.admins).toEqual([a.user_id])
  const again = await post('/organization/member_add', { organization_id: 'o', member: { user_id: 'b' } })
  expect(again).toMatchObject({ status: 400, body: { error: { code: 'organization_member_exists' } } })

  const patch = (body: object, key?: string) =>
    call('PATCH', '/organization/member_update', { body: { organization_id: 'o', ...body }, ...(key ? { key } : {}) })
  const own = await patch({ user_id: a.user_id, max_budget_in_organization: 9 }, admin)
  expect(own).toMatchObject({ status: 403, body: { error: { param: 'max_budget_in_organization' } } })
  expect((await patch({ user_email: 'a@example.com', role: 'internal_user' })).body).toMatchObject({
    user_role: 'internal_user',
    litellm_budget_table: { max_budget: 3 },
  })
  expect((await post('/team/new', { organization_id: 'o' }, admin)).status).toBe(403)

  const remove = { body: { organization_id: 'o', user_id: 'b' } }
  expect((await call('DELETE', '/organization/member_delete', remove)).body.user_id).toBe('b')
  expect((await get('/organization/info?organization_id=o', plain)).status).toBe(403)
  expect((await call('DELETE', '/organization/member_delete', remove)).status).toBe(404)
})

it('loses no member of 30 at once', async () => {
  const { post, get } = await startApi()
  await post('/organization/new', { organization_id: 'o', organization_alias: 'O' })
  const ids = Array.from({ length: 30 }, (_, i) => `u${i}`)
  await Promise.all(
    ids.map((user_id) => post('/organization/member_add', { organization_id: 'o', member: { user_id } })),
  )
  const { members } = (await get('/organization/info?organization_id=o')).body
  expect(members.map(({ user_id }: { user_id: string }) => user_id).sort()).toEqual([...ids].sort())
})

it('goes with its teams and keys, and spares its users', async () => {
  const { call, get, key, chat, callers } = await startWorld()
  const ofTeam = await key({ team_id: 'alpha', user_id: 'member' })
  const ofOrganization = await key({ organization_id: 'org-a' })
  const { body } = await call('DELETE', '/organization/delete', { body: { organization_ids: ['org-a'] } })
  expect(body).toMatchObject([{ organization_id: 'org-a' }])
  const keys = [ofTeam, ofOrganization, callers.service, callers.member, callers.otherOrgAdmin]
  expect(await Promise.all(keys.map(chat))).toEqual([401, 401, 401, 200, 200])
  expect((await get('/team/info?team_id=alpha')).status).toBe(404)
  expect((await get('/team/info?team_id=beta')).status).toBe(200)
  expect((await get('/v2/user/info?user_id=org-admin')).body.organizations).toEqual([])
})
