import { describe, expect, it } from 'vitest'
import { startApi, startWorld } from './support.ts'

describe('a new user', () => {
  it('comes with a key of theirs, in teams and organizations', async () => {
    const { post, get, chat } = await startApi()
    await post('/organization/new', { organization_id: 'o', organization_alias: 'O' })
    await post('/team/new', { team_id: 't1', team_member_budget: 4 })
    await post('/team/new', { team_id: 't2' })
    const { status, body } = await post('/user/new', {
      user_id: 'ann',
      user_email: 'Ann@example.com',
      user_alias: 'Ann',
      user_role: 'internal_user',
      teams: ['t1', { team_id: 't2', max_budget_in_team: 2, user_role: 'admin' }],
      organizations: ['o'],
      models: ['mock'],
      max_budget: 20,
      budget_duration: '30d',
      metadata: { x: 1 },
      key_alias: 'first',
      duration: '1d',
      send_invite_email: false,
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      user_id: 'ann',
      user_email: 'Ann@example.com',
      user_role: 'internal_user',
      teams: ['t1', 't2'],
      organizations: ['o'],
      organization_memberships: [{ user_id: 'ann', organization_id: 'o', user_role: 'internal_user' }],
      max_budget: 20,
      spend: 0,
      key: expect.stringMatching(/^sk-/),
      key_alias: 'first',
      expires: expect.stringMatching(/^20/),
      unsupported_params: ['send_invite_email'],
    })
    expect(await chat(body.key)).toBe(200)
    const info = (await get('/user/info', body.key)).body
    expect(info.keys).toMatchObject([{ token: body.token, user_id: 'ann', organization_id: null, key_alias: 'first' }])
    expect(JSON.stringify(info)).not.toContain(body.key)
    expect(info.teams.map(({ team_id }: { team_id: string }) => team_id)).toEqual(['t1', 't2'])
    const team = (await get('/team/info?team_id=t2')).body
    expect(team.team_memberships).toMatchObject([{ user_id: 'ann', litellm_budget_table: { max_budget: 2 } }])
    expect(team.team_info.admins).toEqual(['ann'])
  })

  it('comes without a key where none is wanted', async () => {
    const { post, get } = await startApi()
    const { body } = await post('/user/new', { user_id: 'u', auto_create_key: false })
    expect(body.key).toBeNull()
    expect((await get('/user/info?user_id=u')).body).toMatchObject({ user_id: 'u', keys: [], teams: [] })
  })

  it('is not there where their key is refused', async () => {
    const { post, get } = await startApi()
    await post('/team/new', { team_id: 't' })
    await post('/user/new', { user_id: 'a', key_alias: 'taken' })
    const refused = await post('/user/new', { user_id: 'b', key_alias: 'taken', teams: ['t'] })
    expect(refused).toMatchObject({ status: 400, body: { error: { param: 'key_alias' } } })
    expect((await get('/user/info?user_id=b')).status).toBe(404)
    expect((await get('/team/info?team_id=t')).body.team_info.members).toEqual([])
  })

  it('has an id and an address of their own', async () => {
    const { post } = await startApi()
    await post('/user/new', { user_id: 'a', user_email: 'a@example.com' })
    expect((await post('/user/new', { user_id: 'a' })).body.error).toMatchObject({
      param: 'user_id',
      code: 'user_exists',
    })
    const email = await post('/user/new', { user_email: 'A@EXAMPLE.com' })
    expect(email).toMatchObject({ status: 400, body: { error: { param: 'user_email' } } })
    const change = await post('/user/update', { user_id: 'a', user_email: 'a@example.com', tpm_limit: 1 })
    expect(change.status).toBe(200)
    await post('/user/new', { user_id: 'd' })
    expect((await post('/user/update', { user_id: 'd', user_email: 'A@example.com' })).body.error.code).toBe(
      'user_exists',
    )
    await post('/user/update', { user_id: 'a', user_email: null })
    expect((await post('/user/update', { user_id: 'd', user_email: 'A@example.com' })).status).toBe(200)
    const both = await Promise.all(
      ['b', 'c'].map((user_id) => post('/user/new', { user_id, user_email: 'x@example.com' })),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  it('of an organization admin gets a key of the organization', async () => {
    const { post, get, callers, chat } = await startWorld()
    const { body } = await post('/user/new', { user_id: 'new', organizations: ['org-a'] }, callers.orgAdmin)
    expect(await chat(body.key)).toBe(200)
    const { body: info } = await get(`/key/info?key=${body.token}`)
    expect(info.info).toMatchObject({ organization_id: 'org-a', user_id: 'new' })
    const update = (fields: object, key: string) => post('/user/update', { user_id: 'new', ...fields }, key)
    expect((await update({ max_budget: 60 }, callers.orgAdmin)).body.data.max_budget).toBe(60)
    expect((await update({ max_budget: 101 }, callers.orgAdmin)).body.error.param).toBe('max_budget')
    expect((await update({ user_role: 'proxy_admin' }, callers.orgAdmin)).status).toBe(403)
    expect((await update({ sso_user_id: 'x' }, callers.orgAdmin)).status).toBe(403)
    expect((await update({ max_budget: 1 }, callers.otherOrgAdmin)).status).toBe(403)
    expect((await update({ max_budget: 61 }, body.key)).status).toBe(403)
    expect((await post('/user/delete', { user_ids: ['new'] }, callers.orgAdmin)).body).toBe(1)
    expect(await chat(body.key)).toBe(401)
  })
})

describe('users', () => {
  it('are changed by id, by address and many at once', async () => {
    const { post } = await startApi()
    await post('/user/new', { user_id: 'a', user_email: 'a@example.com', max_budget: 3, metadata: { x: 1 } })
    await post('/user/new', { user_id: 'b' })
    expect((await post('/user/update', { user_id: 'a', max_budget: null })).body).toMatchObject({
      user_id: 'a',
      data: { max_budget: null, metadata: { x: 1 } },
    })
    expect((await post('/user/update', { user_email: 'a@example.com', tpm_limit: 7 })).body.data.tpm_limit).toBe(7)
    expect((await post('/user/update', { user_id: 'a', spend: 1.5 })).body.data.spend).toBe(1.5)
    expect((await post('/user/update', { user_id: 'a', duration: '1d' })).body.data).toMatchObject({
      duration: '1d',
      unsupported_params: ['duration'],
    })
    const bulk = await post('/user/bulk_update', {
      users: [
        { user_id: 'a', rpm_limit: 1 },
        { user_id: 'none', rpm_limit: 1 },
        { user_id: 'b', rpm_limit: -1 },
      ],
    })
    expect(bulk.body).toMatchObject({ total_requested: 3, successful_updates: 1, failed_updates: 2 })
    expect(bulk.body.results[0].updated_user.rpm_limit).toBe(1)
    const all = await post('/user/bulk_update', { all_users: true, user_updates: { max_parallel_requests: 2 } })
    expect(all.body).toMatchObject({ total_requested: 2, successful_updates: 2 })
    expect(all.body.results[1].updated_user.max_parallel_requests).toBe(2)
  })

  it('go with their keys and memberships', async () => {
    const { post, get, key, chat } = await startApi()
    await post('/organization/new', { organization_id: 'o', organization_alias: 'O' })
    await post('/team/new', { team_id: 't', members: ['b'] })
    const { body } = await post('/user/new', { user_id: 'a', teams: ['t'], organizations: ['o'] })
    const inTeam = await key({ user_id: 'a', team_id: 't' })
    const spared = await key({ user_id: 'b', team_id: 't' })
    expect((await post('/user/delete', { user_ids: ['a', 'none'] })).status).toBe(404)
    expect(await chat(body.key)).toBe(200)
    expect((await post('/user/delete', { user_ids: ['a', 'a'] })).body).toBe(1)
    expect(await Promise.all([body.key, inTeam, spared].map(chat))).toEqual([401, 401, 200])
    expect((await get('/team/info?team_id=t')).body.team_info.members).toEqual(['b'])
    expect((await get('/organization/info?organization_id=o')).body.members).toEqual([])
    expect((await get('/v2/user/info?user_id=a')).status).toBe(404)
  })

  it('are listed page by page and found', async () => {
    const { post, get, callers } = await startWorld()
    const found = async (query: string, key?: string) => {
      const { body } = await get(`/user/list?${query}`, key)
      return body.users.map(({ user_id }: { user_id: string }) => user_id)
    }
    expect(await found('role=proxy_admin')).toEqual(['admin'])
    expect(await found('user_ids=viewer,%20admin&sort_by=user_id')).toEqual(['admin', 'viewer'])
    expect(await found('team=alpha&sort_by=user_id&sort_order=desc')).toEqual(['team-admin', 'read-only', 'member'])
    expect(await found('', callers.orgAdmin)).toEqual(['org-admin'])
    await post('/user/update', { user_id: 'member', user_email: 'm@example.com' })
    expect(await found('user_email=@EXAMPLE')).toEqual(['member'])
    const { body } = await get('/user/list?page_size=2&page=2&sort_by=user_id')
    expect(body).toMatchObject({ total: 8, page: 2, page_size: 2, total_pages: 4 })
    expect(body.users).toMatchObject([{ user_id: 'other-org-admin', key_count: 1 }, { user_id: 'org-admin' }].reverse())
  })

  it('see themselves, and an admin who names nobody all keys and teams', async () => {
    const { get, callers } = await startWorld()
    expect((await get('/v2/user/info', callers.stranger)).body.user_id).toBe('stranger')
    expect((await get('/user/info', callers.service)).status).toBe(400)
    const { body } = await get('/user/info')
    expect(body).toMatchObject({ user_id: null, user_info: null })
    expect(body.keys).toHaveLength(9)
    expect(body.teams).toHaveLength(3)
  })

  it('have LiteLLM’s roles', async () => {
    const { get } = await startApi()
    const { body } = await get('/user/available_roles')
    expect(Object.keys(body)).toEqual(['proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer'])
    expect(body.proxy_admin.ui_label).toBe('Admin (All Permissions)')
  })
})
