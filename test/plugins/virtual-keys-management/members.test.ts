import { describe, expect, it } from 'vitest'
import { startApi, startWorld } from './support.ts'
import type { Api } from './support.ts'

async function withTeam(fields: Record<string, unknown> = {}): Promise<Api> {
  const api = await startApi()
  await api.post('/team/new', { team_id: 't', ...fields })
  return api
}

describe('adding members', () => {
  it('loses none of 50 at once', async () => {
    const { post, get } = await withTeam()
    const ids = Array.from({ length: 50 }, (_, i) => `u${i}`)
    const answers = await Promise.all(
      ids.map((user_id) => post('/team/member_add', { team_id: 't', member: { user_id, role: 'user' } })),
    )
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    const { body } = await get('/team/info?team_id=t')
    expect([...body.team_info.members].sort()).toEqual([...ids].sort())
    expect((await get('/user/list?page_size=1')).body.total).toBe(50)
  })

  it('makes one user of one address, however often at once', async () => {
    const { post, get } = await withTeam()
    await post('/team/new', { team_id: 't2' })
    const add = (team_id: string) =>
      post('/team/member_add', { team_id, member: { user_email: 'a@example.com', role: 'user' } })
    const [one, two] = await Promise.all([add('t'), add('t2')])
    expect([one.status, two.status]).toEqual([200, 200])
    expect(one.body.updated_users).toEqual(two.body.updated_users)
    expect((await get('/user/list')).body.total).toBe(1)
  })

  it('gives a budget, else what the team gives all', async () => {
    const { post, get } = await withTeam({
      team_member_budget: 5,
      team_member_budget_duration: '7d',
      team_member_rpm_limit: 9,
    })
    const { body } = await post('/team/member_add', {
      team_id: 't',
      member: [
        { user_id: 'a', role: 'user' },
        { user_id: 'b', role: 'admin' },
      ],
      max_budget_in_team: 2,
    })
    expect(
      body.updated_team_memberships.map((one: { litellm_budget_table: unknown }) => one.litellm_budget_table),
    ).toEqual([
      { max_budget: 2, budget_duration: '7d', rpm_limit: 9 },
      { max_budget: 2, budget_duration: '7d', rpm_limit: 9 },
    ])
    await post('/team/member_add', { team_id: 't', member: { user_id: 'c', role: 'user' } })
    await post('/team/update', { team_id: 't', team_member_budget: 6, team_member_rpm_limit: null })
    const info = (await get('/team/info?team_id=t')).body
    const budgets = info.team_memberships.map((one: { litellm_budget_table: unknown }) => one.litellm_budget_table)
    expect(budgets).toEqual([
      { max_budget: 2, budget_duration: '7d' },
      { max_budget: 2, budget_duration: '7d' },
      { max_budget: 6, budget_duration: '7d' },
    ])
    expect(info.team_memberships[2].budget_reset_at).toMatch(/T00:00:00\.000Z$/)
  })

  it('refuses one who is in it, and then adds nobody', async () => {
    const { post, get } = await withTeam({ members: ['a'] })
    const refused = await post('/team/member_add', {
      team_id: 't',
      member: [
        { user_id: 'b', role: 'user' },
        { user_id: 'a', role: 'user' },
      ],
    })
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'team_member_already_in_team' } } })
    expect((await get('/team/info?team_id=t')).body.team_info.members).toEqual(['a'])
  })

  it('lets users into teams that are open to all, as plain members', async () => {
    const { post, get } = await startApi({ 'virtual-keys': { availableTeams: ['open', 'gone'] } })
    await post('/team/new', {
      team_id: 'open',
      team_alias: 'Open',
      metadata: { description: 'For all' },
      team_member_budget: 1,
    })
    await post('/team/new', { team_id: 'closed' })
    const key = async (user_id: string, user_role: string) => (await post('/user/new', { user_id, user_role })).body.key
    const ann = await key('ann', 'internal_user')
    const viewer = await key('eve', 'internal_user_viewer')
    expect((await get('/team/available', ann)).body).toEqual([
      { team_id: 'open', team_alias: 'Open', description: 'For all', models: [] },
    ])
    const join = async (team_id: string, member: object, more: object = {}, who = ann) =>
      (await post('/team/member_add', { team_id, member, ...more }, who)).status
    const self = { user_id: 'ann', role: 'user' }
    expect(await join('closed', self)).toBe(403)
    expect(await join('gone', self)).toBe(403)
    expect(await join('open', { ...self, role: 'admin' })).toBe(403)
    expect(await join('open', { ...self, user_id: 'bob' })).toBe(403)
    expect(await join('open', self, { max_budget_in_team: 9 })).toBe(403)
    expect(await join('open', { user_id: 'eve', role: 'user' }, {}, viewer)).toBe(403)
    expect(await join('open', self)).toBe(200)
    expect((await get('/team/info?team_id=open', ann)).body.team_memberships).toMatchObject([
      { user_id: 'ann', litellm_budget_table: { max_budget: 1 } },
    ])
    expect((await get('/team/available', ann)).body).toEqual([])
  })

  it('in bulk says of each whether it worked', async () => {
    const { post } = await withTeam({ members: ['a'] })
    const { body } = await post('/team/bulk_member_add', {
      team_id: 't',
      members: [{ user_id: 'a', role: 'user' }, { user_id: 'b', role: 'user' }, { role: 'user' }],
      max_budget_in_team: 1,
    })
    expect(body).toMatchObject({ total_requested: 3, successful_additions: 1, failed_additions: 2 })
    expect(body.results.map(({ success }: { success: boolean }) => success)).toEqual([false, true, false])
    expect(body.results[1].updated_team_membership).toMatchObject({
      user_id: 'b',
      litellm_budget_table: { max_budget: 1 },
    })
    expect(body.updated_team.members).toEqual(['a', 'b'])
    const all = await post('/team/bulk_member_add', { team_id: 't', all_users: true })
    expect(all.body).toMatchObject({ total_requested: 2, successful_additions: 0 })
  })
})

describe('a member', () => {
  it('is changed by id or address', async () => {
    const { post, get } = await withTeam()
    await post('/team/member_add', {
      team_id: 't',
      member: { user_id: 'a', user_email: 'a@example.com', role: 'user' },
      tpm_limit: 5,
    })
    const { body } = await post('/team/member_update', {
      team_id: 't',
      user_email: 'A@example.com',
      role: 'admin',
      max_budget_in_team: 3,
    })
    expect(body).toEqual({
      team_id: 't',
      user_id: 'a',
      user_email: 'a@example.com',
      role: 'admin',
      max_budget_in_team: 3,
      budget_duration: null,
      tpm_limit: 5,
      rpm_limit: null,
      litellm_budget_table: { tpm_limit: 5, max_budget: 3 },
    })
    const more = { soft_budget: 1, budget_limits: [{ budget_duration: '1d', max_budget: 1 }], max_parallel_requests: 2 }
    const richer = await post('/team/member_update', { team_id: 't', user_id: 'a', ...more })
    expect(richer.body.litellm_budget_table).toEqual({ tpm_limit: 5, max_budget: 3, ...more })
    const half = await post('/team/member_update', { team_id: 't', user_id: 'a', temp_budget_increase: 1 })
    expect(half.body.error.param).toBe('temp_budget_expiry')
    const none = { soft_budget: null, budget_limits: null, max_parallel_requests: null, tpm_limit: null }
    await post('/team/member_update', { team_id: 't', user_id: 'a', max_budget_in_team: null, ...none })
    expect((await get('/team/info?team_id=t')).body.team_memberships[0].litellm_budget_table).toBeNull()
  })

  it('leaves with the keys that they have in the team, and no other', async () => {
    const { post, key, chat } = await withTeam({ members: ['a', 'b'] })
    const inTeam = await key({ team_id: 't', user_id: 'a' })
    const spared = [await key({ user_id: 'a' }), await key({ team_id: 't', user_id: 'b' }), await key({ team_id: 't' })]
    const { body } = await post('/team/member_delete', { team_id: 't', user_id: 'a' })
    expect(body.members).toEqual(['b'])
    expect(await chat(inTeam)).toBe(401)
    expect(await Promise.all(spared.map(chat))).toEqual([200, 200, 200])
    expect((await post('/team/member_delete', { team_id: 't', user_id: 'a' })).status).toBe(404)
  })

  it('has their spend set back, never up', async () => {
    const { post, get, context } = await withTeam({ members: ['a@b.c'] })
    await post('/team/member_update', { team_id: 't', user_id: 'a@b.c', max_budget_in_team: 9, budget_duration: '1d' })
    await context.counters.settle([{ key: 'spend:team_member:t/a@b.c', by: 5_000_000_000 }])
    const reset = (reset_to: number) => post('/team/t/member/a%40b.c/reset_spend', { reset_to })
    expect(await reset(6)).toMatchObject({ status: 400, body: { error: { param: 'reset_to' } } })
    expect((await reset(2)).body).toEqual({ team_id: 't', user_id: 'a@b.c', spend: 2, previous_spend: 5 })
    expect((await get('/team/info?team_id=t')).body.team_memberships[0].spend).toBe(2)
    expect((await post('/team/t/member/none/reset_spend', { reset_to: 0 })).status).toBe(404)
  })

  it('who is an admin may not give themselves more', async () => {
    const { post, get, callers } = await startWorld()
    const own = { team_id: 'alpha', user_id: 'team-admin' }
    expect((await post('/team/member_update', { ...own, role: 'admin' }, callers.teamAdmin)).status).toBe(200)
    const refused = await post('/team/member_update', { ...own, rpm_limit: 100 }, callers.teamAdmin)
    expect(refused).toMatchObject({ status: 403, body: { error: { param: 'user_id' } } })
    // Nor by what all members get: it reaches the others.
    const update = { team_id: 'alpha', team_member_budget: 5 }
    expect((await post('/team/update', update, callers.teamAdmin)).status).toBe(200)
    const { team_memberships: memberships } = (await get('/team/info?team_id=alpha')).body
    expect(memberships.map((one: { litellm_budget_table: unknown }) => one.litellm_budget_table)).toEqual([
      null,
      { max_budget: 5 },
      { max_budget: 5 },
    ])
  })
})
