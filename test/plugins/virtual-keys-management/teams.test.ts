import { describe, expect, it } from 'vitest'
import { startApi, startWorld } from './support.ts'

describe('a team', () => {
  it('is made with LiteLLM’s fields and read back whole', async () => {
    const { post, get } = await startApi()
    const body = {
      team_id: 'search',
      team_alias: 'Search',
      members_with_roles: [{ user_id: 'ann', role: 'admin' }],
      members: ['bob'],
      models: ['mock'],
      model_aliases: { fast: 'mock' },
      metadata: { cost_center: 7 },
      tags: ['blue'],
      max_budget: 10.5,
      soft_budget: 8,
      budget_duration: '1mo',
      budget_limits: [{ budget_duration: '1d', max_budget: 1 }],
      model_max_budget: { mock: { budget_limit: '0.5', time_period: '1d' } },
      tpm_limit: 1000,
      rpm_limit: 10,
      max_parallel_requests: 3,
      model_rpm_limit: { mock: 5 },
      model_tpm_limit: { mock: 500 },
      temp_budget_increase: 5,
      temp_budget_expiry: '2999-01-01T00:00:00Z',
      guardrails: ['pii'],
    }
    const made = await post('/team/new', body)
    expect(made.status).toBe(200)
    expect(made.body).toMatchObject({
      ...body,
      admins: ['ann'],
      members: ['ann', 'bob'],
      members_with_roles: [
        { user_id: 'ann', user_email: null, role: 'admin' },
        { user_id: 'bob', user_email: null, role: 'user' },
      ],
      budget_limits: [{ budget_duration: '1d', max_budget: 1, reset_at: expect.stringMatching(/T00:00:00\.000Z$/) }],
      model_max_budget: { mock: { budget_limit: 0.5, time_period: '1d' } },
      temp_budget_expiry: '2999-01-01T00:00:00.000Z',
      budget_reset_at: expect.stringMatching(/-01T00:00:00\.000Z$/),
      spend: 0,
      blocked: false,
      unsupported_params: ['guardrails'],
      created_by: 'master-key',
    })
    const info = await get('/team/info?team_id=search')
    expect(info.body.team_info).toEqual(made.body)
    expect((await get('/user/info?user_id=ann')).body.user_info.teams).toEqual(['search'])
  })

  it('is changed field by field; null clears one, and the same again changes nothing', async () => {
    const { post } = await startApi()
    await post('/team/new', { team_id: 't', max_budget: 5, rpm_limit: 3, guardrails: ['a'], prompts: ['p'] })
    const { body } = await post('/team/update', { team_id: 't', max_budget: null, tpm_limit: 9, guardrails: null })
    expect(body).toMatchObject({
      team_id: 't',
      data: { max_budget: null, rpm_limit: 3, tpm_limit: 9, prompts: ['p'], unsupported_params: ['prompts'] },
    })
    expect(body.data).not.toHaveProperty('guardrails')
    const again = await post('/team/update', { team_id: 't', tpm_limit: 9 })
    expect(again.body.data.updated_at).toBe(body.data.updated_at)
  })

  it('names whom an admin acts for', async () => {
    const { gateway } = await startApi()
    const { MASTER } = await import('./support.ts')
    const response = await gateway.fetch('http://gateway/team/new', {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER}`, 'litellm-changed-by': 'terraform' },
      body: '{"team_id":"t"}',
    })
    expect(await response.json()).toMatchObject({ created_by: 'terraform', updated_by: 'terraform' })
  })

  it('counts what was spent before, and begins at 0 where an id is used again', async () => {
    const { post, get } = await startApi()
    const made = await post('/team/new', { team_id: 't', spend: 1.25, max_budget: 5, budget_duration: '1d' })
    expect(made.body.spend).toBe(1.25)
    await post('/team/delete', { team_ids: ['t'] })
    await post('/team/new', { team_id: 't' })
    expect((await get('/team/info?team_id=t')).body.team_info.spend).toBe(0)
  })

  it('has its spend set by proxy admins, in the window of now as well', async () => {
    const { post, context, callers } = await startWorld()
    await post('/team/update', { team_id: 'alpha', budget_duration: '1mo' })
    expect((await post('/team/update', { team_id: 'alpha', spend: 1 }, callers.orgAdmin)).status).toBe(403)
    const set = async (spend: number) => {
      expect((await post('/team/update', { team_id: 'alpha', spend })).body.data.spend).toBe(spend)
      const now = new Date()
      const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1)
      return context.counters.get(['spend:team:alpha', `spend:team:alpha:1mo:${start}`], 'settled')
    }
    expect(await set(2.5)).toEqual([2_500_000_000, 2_500_000_000])
    expect(await set(0)).toEqual([0, 0])
  })

  it('that is blocked refuses its keys, and takes them again', async () => {
    const { post, key, chat } = await startApi()
    await post('/team/new', { team_id: 't' })
    const own = await key({ team_id: 't' })
    expect(await chat(own)).toBe(200)
    expect((await post('/team/block', { team_id: 't' })).body.blocked).toBe(true)
    expect(await chat(own)).toBe(401)
    expect((await post('/team/unblock', { team_id: 't' })).body.blocked).toBe(false)
    expect(await chat(own)).toBe(200)
  })

  it('goes with its keys, and spares others’', async () => {
    const { post, get, key, chat } = await startApi()
    await post('/team/new', { team_id: 'a', members: ['u'] })
    await post('/team/new', { team_id: 'b' })
    const keys = [await key({ team_id: 'a' }), await key({ team_id: 'a', user_id: 'u' })]
    const spared = [await key({ team_id: 'b' }), await key({ user_id: 'u' })]
    expect((await post('/team/delete', { team_ids: ['a'] })).body).toEqual({ deleted_teams: ['a'] })
    expect(await Promise.all(keys.map(chat))).toEqual([401, 401])
    expect(await Promise.all(spared.map(chat))).toEqual([200, 200])
    expect((await get('/team/info?team_id=a')).status).toBe(404)
    expect((await get('/user/info?user_id=u')).body.teams).toEqual([])
  })

  it.each([
    ['before its keys go', 'key', 1],
    ['before it goes itself', 'team', 2],
  ] as const)('whose deletion is cut %s accepts no key, and the next call finishes', async (_when, kind, nth) => {
    const { post, get, key, chat, context } = await startApi()
    await post('/team/new', { team_id: 'a' })
    const own = await key({ team_id: 'a' })
    const { directory } = context
    const { update } = directory
    let seen = 0
    directory.update = (...args) => {
      if (args[0] === kind && ++seen === nth) throw new Error('the process was killed')
      return update(...args)
    }
    expect((await post('/team/delete', { team_ids: ['a'] })).status).toBe(500)
    expect(await chat(own)).toBe(401)
    directory.update = update
    expect((await post('/team/delete', { team_ids: ['a'] })).status).toBe(200)
    expect(await chat(own)).toBe(401)
    expect(await directory.list('key')).toEqual([])
    expect((await get('/team/info?team_id=a')).status).toBe(404)
  })

  it('is not deleted where one of the others is not there', async () => {
    const { post, get } = await startApi()
    await post('/team/new', { team_id: 'a' })
    expect((await post('/team/delete', { team_ids: ['a', 'none'] })).status).toBe(404)
    expect((await get('/team/info?team_id=a')).body.team_info.blocked).toBe(false)
  })

  it('gets and loses models; without its last one it may use none', async () => {
    const { post, key, chat } = await startApi()
    await post('/team/new', { team_id: 't', models: ['other'] })
    const own = await key({ team_id: 't' })
    expect(await chat(own)).toBe(403)
    expect((await post('/team/model/add', { team_id: 't', models: ['mock'] })).body.models).toEqual(['other', 'mock'])
    expect(await chat(own)).toBe(200)
    const { body } = await post('/team/model/delete', { team_id: 't', models: ['mock', 'other'] })
    expect(body.models).toEqual(['no-default-models'])
    expect(await chat(own)).toBe(403)
    expect((await post('/team/model/add', { team_id: 't', models: ['mock'] })).body.models).toEqual(['mock'])
  })

  it('says what members may do with its keys', async () => {
    const { post, get } = await startApi()
    await post('/team/new', { team_id: 't' })
    const before = (await get('/team/permissions_list?team_id=t')).body
    expect(before.team_member_permissions).toEqual(['/key/info', '/key/health', '/key/list'])
    expect(before.all_available_permissions).toContain('/key/generate')
    const permissions = ['/key/info', '/key/generate']
    const { body } = await post('/team/permissions_update', { team_id: 't', team_member_permissions: permissions })
    expect(body.team_member_permissions).toEqual(permissions)
    const wrong = await post('/team/permissions_update', { team_id: 't', team_member_permissions: ['/all'] })
    expect(wrong).toMatchObject({ status: 400, body: { error: { param: 'team_member_permissions[0]' } } })
  })
})

describe('reading teams', () => {
  it('shows a member the team without others’ keys and memberships', async () => {
    const { get, key, callers } = await startWorld()
    await key({ team_id: 'alpha', user_id: 'team-admin', key_alias: 'of the admin' })
    await key({ team_id: 'alpha', user_id: 'member', key_alias: 'of the member' })
    const seen = async (caller: string) => {
      const { body } = await get('/team/info?team_id=alpha', caller)
      return {
        keys: body.keys.map((one: { key_alias: string }) => one.key_alias).sort(),
        memberships: body.team_memberships.map((one: { user_id: string }) => one.user_id),
      }
    }
    const all = {
      keys: ['of the admin', 'of the member', 'service'],
      memberships: ['team-admin', 'member', 'read-only'],
    }
    expect(await seen(callers.master)).toEqual(all)
    expect(await seen(callers.viewer)).toEqual(all)
    expect(await seen(callers.orgAdmin)).toEqual(all)
    expect(await seen(callers.teamAdmin)).toEqual(all)
    expect(await seen(callers.member)).toEqual({ keys: ['of the member'], memberships: ['member'] })
    expect(await seen(callers.readOnly)).toEqual({ keys: [], memberships: ['read-only'] })
    expect(await seen(callers.service)).toEqual({ keys: ['service'], memberships: [] })
  })

  it('shows no key that could be used', async () => {
    const { get, callers } = await startWorld()
    const text = JSON.stringify((await get('/team/info?team_id=alpha')).body)
    expect(text).toContain('"key_name":"sk-...')
    for (const plain of Object.values(callers)) expect(text).not.toContain(plain)
  })

  it('lists to everybody the teams that they see', async () => {
    const { get, callers } = await startWorld()
    const ids = async (caller: string, query = '') => {
      const { body } = await get(`/team/list${query}`, caller)
      return body.map((team: { team_id: string }) => team.team_id).sort()
    }
    expect(await ids(callers.viewer)).toEqual(['alpha', 'beta', 'limited'])
    expect(await ids(callers.orgAdmin)).toEqual(['alpha', 'limited'])
    expect(await ids(callers.otherOrgAdmin)).toEqual(['beta'])
    expect(await ids(callers.member)).toEqual(['alpha'])
    expect(await ids(callers.stranger)).toEqual([])
    expect(await ids(callers.master, '?user_id=member')).toEqual(['alpha'])
    expect(await ids(callers.master, '?organization_id=org-b')).toEqual(['beta'])
    expect(await ids(callers.stranger, '?user_id=member')).toEqual([])
  })

  it('lists page by page, sorted', async () => {
    const { get, post } = await startApi()
    for (const [i, budget] of [3, 1, 2].entries()) {
      await post('/team/new', { team_id: `t${i}`, team_alias: `Team ${i}`, max_budget: budget })
    }
    const page = await get('/v2/team/list?page=2&page_size=2&sort_by=max_budget&sort_order=desc')
    expect(page.body).toMatchObject({ total: 3, page: 2, page_size: 2, total_pages: 2 })
    expect(page.body.teams.map((team: { max_budget: number }) => team.max_budget)).toEqual([1])
    const found = await get('/v2/team/list?team_alias=team%201')
    expect(found.body.teams.map((team: { team_id: string }) => team.team_id)).toEqual(['t1'])
    expect((await get('/v2/team/list?sort_by=password')).body.error.param).toBe('sort_by')
  })
})
