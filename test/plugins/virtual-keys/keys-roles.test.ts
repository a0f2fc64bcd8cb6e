import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { definePlugin, z } from '../../../src/index.ts'
import { keyGateway } from './keys-support.ts'
import type { Json, KeyGateway } from './keys-support.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const member = (user_id: string, role: 'admin' | 'user' = 'user') => ({ user_id, role })

/** Users of every role, each with a key of their own. */
async function people(used: KeyGateway) {
  const { post, mint } = used
  const make = async (user_id: string, user_role: string) => {
    await post('/user/new', { user_id, user_role, auto_create_key: false })
    return (await mint({ user_id })).key
  }
  const keys = {
    admin: await make('admin', 'proxy_admin'),
    viewer: await make('viewer', 'proxy_admin_viewer'),
    user: await make('user', 'internal_user'),
    reader: await make('reader', 'internal_user_viewer'),
    lead: await make('lead', 'internal_user'),
    plain: (await mint()).key,
  }
  await post('/team/new', {
    team_id: 't',
    members_with_roles: [member('lead', 'admin'), member('user'), member('reader')],
  })
  return keys
}

const status = async (answer: Promise<{ status: number }>) => (await answer).status

describe('who makes keys', () => {
  test('for themselves, for others, for a team', async () => {
    const used = await keyGateway()
    const { post } = used
    const keys = await people(used)
    const generate = (who: keyof typeof keys, body: Json) => status(post('/key/generate', body, keys[who]))
    expect(await generate('admin', {})).toBe(200)
    expect(await generate('admin', { user_id: 'user' })).toBe(200)
    expect(await generate('user', {})).toBe(200)
    expect((await post('/key/generate', {}, keys.user)).body).toMatchObject({ user_id: 'user', created_by: 'user' })
    expect(await generate('user', { user_id: 'lead' })).toBe(403)
    expect(await generate('user', { user_id: null })).toBe(403)
    expect(await generate('user', { team_id: 't' })).toBe(403)
    expect(await generate('user', { team_id: 'nowhere' })).toBe(403)
    expect(await generate('user', { organization_id: 'o' })).toBe(403)
    expect(await generate('lead', { team_id: 't' })).toBe(200)
    expect(await generate('lead', { team_id: 't', user_id: 'user' })).toBe(200)
    expect(await generate('lead', { team_id: 't', user_id: 'stranger' })).toBe(400)
    expect(await generate('lead', { team_id: 't', user_id: null })).toBe(200)
    expect(await generate('lead', { user_id: 'user' })).toBe(403)
    for (const who of ['viewer', 'reader', 'plain'] as const)
      expect({ who, status: await generate(who, {}) }).toEqual({ who, status: 403 })
    expect(await status(post('/key/service-account/generate', { team_id: 't' }, keys.user))).toBe(403)
    expect(await status(post('/key/service-account/generate', { team_id: 't' }, keys.lead))).toBe(200)
    expect((await used.read('/team/info?team_id=nowhere')).status).toBe(404)
  })

  test('members of a team, as the team permits', async () => {
    const used = await keyGateway()
    const { post } = used
    const keys = await people(used)
    await post('/team/permissions_update', { team_id: 't', team_member_permissions: ['/key/generate', '/key/info'] })
    expect((await post('/key/generate', { team_id: 't' }, keys.user)).body).toMatchObject({
      team_id: 't',
      user_id: 'user',
    })
    expect(await status(post('/key/generate', { team_id: 't', user_id: 'lead' }, keys.user))).toBe(403)
    expect(await status(post('/key/service-account/generate', { team_id: 't' }, keys.user))).toBe(403)
    expect(await status(post('/key/generate', { team_id: 't' }, keys.reader))).toBe(403)
  })

  test('no more than their owner has', async () => {
    const used = await keyGateway()
    const { post, mint } = used
    await post('/user/new', {
      user_id: 'u',
      user_role: 'internal_user',
      models: ['cheap'],
      max_budget: 5,
      rpm_limit: 10,
      auto_create_key: false,
    })
    const { key } = await mint({ user_id: 'u' })
    const param = async (body: Json) => {
      const { status: found, error } = await post('/key/generate', body, key)
      return [found, error?.param]
    }
    expect(await param({ max_budget: 5, rpm_limit: 10, models: ['small'] })).toEqual([200, undefined])
    expect(await param({ models: ['cheap'] })).toEqual([200, undefined])
    expect(await param({ max_budget: 5.01 })).toEqual([400, 'max_budget'])
    expect(await param({ rpm_limit: 11 })).toEqual([400, 'rpm_limit'])
    expect(await param({ models: ['large'] })).toEqual([403, 'models'])
    expect(await param({ models: ['*'] })).toEqual([403, 'models'])
    expect(await param({ spend: 1 })).toEqual([403, 'spend'])
    expect(await param({ temp_budget_increase: 1, temp_budget_expiry: '2030-01-01' })).toEqual([
      403,
      'temp_budget_increase',
    ])
  })

  test('no more than the key that they make it with', async () => {
    const used = await keyGateway()
    const { post, mint } = used
    await people(used)
    const narrow = await mint({
      user_id: 'user',
      models: ['small'],
      duration: '1d',
      allowed_routes: ['llm_api_routes', '/key/*'],
    })
    const make = (body: Json, key = narrow.key) => post('/key/generate', body, key)
    expect(await make({})).toMatchObject({ status: 403, error: { param: 'duration' } })
    expect(await make({ duration: '2d' })).toMatchObject({ status: 403, error: { param: 'duration' } })
    expect(await make({ duration: '1h', models: ['large'] })).toMatchObject({ status: 403, error: { param: 'models' } })
    expect(await make({ duration: '1h', allowed_routes: ['management_routes'] })).toMatchObject({
      status: 403,
      error: { param: 'allowed_routes' },
    })
    expect((await make({ duration: '1h', allowed_routes: ['/key/info'] })).status).toBe(200)
    expect((await make({ duration: '1h' })).body).toMatchObject({
      models: ['small'],
      allowed_routes: ['llm_api_routes', '/key/*'],
    })
    for (const limit of [
      { max_budget: 5 },
      { rpm_limit: 5 },
      { budget_limits: [{ budget_duration: '1d', max_budget: 1 }] },
    ]) {
      const limited = await mint({ user_id: 'user', ...limit })
      expect((await make({}, limited.key)).status).toBe(403)
      expect((await post('/key/update', { key: narrow.token, blocked: true }, limited.key)).status).toBe(403)
      expect((await post('/key/delete', { keys: [narrow.token] }, limited.key)).status).toBe(403)
      expect(
        (await post('/key/update', { key: limited.token, key_alias: `mine-${Object.keys(limit)[0]!}` }, limited.key))
          .status,
      ).toBe(200)
    }
  })
})

describe('who changes keys', () => {
  test('a narrow key does not get hold of a wider one of the same user', async () => {
    const used = await keyGateway()
    const keys = await people(used)
    const wide = await used.mint({}, keys.user)
    for (const bound of [{ models: ['small'] }, { duration: '1d' }, { allowed_routes: ['/key/*'] }, { rpm_limit: 1 }]) {
      const { key } = await used.mint({ user_id: 'user', ...bound })
      const tries = { '/key/regenerate': {}, '/key/update': { key_alias: 'x' }, '/key/block': {} }
      for (const [path, more] of Object.entries(tries)) {
        const answer = await used.post(path, { key: wide.token, ...more }, key)
        expect({ bound, path, status: answer.status }).toEqual({ bound, path, status: 403 })
      }
      expect((await used.post('/key/delete', { keys: [wide.token] }, key)).status).toBe(403)
      expect((await used.post('/key/regenerate', { key }, key)).status).toBe(200)
    }
    expect((await used.chat(wide.key)).status).toBe(200)
  })

  test('a user: what they made as they like, what others made only to take away', async () => {
    const used = await keyGateway()
    const { post, mint } = used
    const keys = await people(used)
    const own = await mint({ max_budget: 1 }, keys.user)
    const given = await mint({
      user_id: 'user',
      max_budget: 5,
      models: ['small', 'large'],
      metadata: { a: 1 },
      tags: ['bill'],
    })
    const update = async (key: string, body: Json) => {
      const { status: found, error } = await post('/key/update', { key, ...body }, keys.user)
      return found === 200 ? 200 : [found, error!.param]
    }
    expect(await update(own.token, { max_budget: 9 })).toBe(200)
    expect(await update(given.token, { key_alias: 'mine', aliases: { a: 'small' } })).toBe(200)
    expect(
      await update(given.token, {
        max_budget: 4,
        models: ['small'],
        duration: '1d',
        tags: ['bill', 'x'],
        metadata: { a: 1, b: 2 },
      }),
    ).toBe(200)
    expect(await update(given.token, { max_budget: 5 })).toEqual([403, 'max_budget'])
    expect(await update(given.token, { max_budget: null })).toEqual([403, 'max_budget'])
    expect(await update(given.token, { models: [] })).toEqual([403, 'models'])
    expect(await update(given.token, { models: ['small', 'large'] })).toEqual([403, 'models'])
    expect(await update(given.token, { duration: '2d' })).toEqual([403, 'expires'])
    expect(await update(given.token, { metadata: { b: 2 } })).toEqual([403, 'metadata'])
    const shorter = { a: 1, b: 2, default_estimated_output_tokens: 1 }
    expect(await update(given.token, { metadata: shorter })).toEqual([403, 'metadata'])
    expect(await update(given.token, { metadata: { a: 1, b: 2, model_rpm_limit: { small: 1 } } })).toEqual([
      403,
      'metadata',
    ])
    expect(await update(given.token, { tags: [] })).toEqual([403, 'tags'])
    expect(await update(given.token, { budget_duration: '1d' })).toEqual([403, 'budget_duration'])
    expect(await update(given.token, { spend: 0 })).toEqual([403, 'spend'])
    expect(await update(given.token, { team_id: 't' })).toEqual([403, 'team_id'])
    expect(await update(own.token, { user_id: 'lead' })).toEqual([403, 'user_id'])
    expect(await status(post(`/key/${given.token}/reset_spend`, { reset_to: 0 }, keys.user))).toBe(403)
    expect(await status(post('/key/regenerate', { key: given.token, max_budget: 50 }, keys.user))).toBe(403)
    expect((await post('/key/regenerate', { key: given.token }, keys.user)).body).toMatchObject({
      max_budget: 4,
      created_by: 'master-key',
    })
  })

  test('a key does not loosen itself, whoever made it', async () => {
    const used = await keyGateway()
    const keys = await people(used)
    const own = await used.mint({ max_budget: 1 }, keys.user)
    expect(await used.post('/key/update', { key: own.key, max_budget: 2 }, own.key)).toMatchObject({
      status: 403,
      error: { param: 'max_budget' },
    })
    expect((await used.post('/key/update', { key: own.key, max_budget: 0.5 }, own.key)).status).toBe(200)
  })

  test('a user blocks, and does not unblock', async () => {
    const used = await keyGateway()
    const { post, mint } = used
    const keys = await people(used)
    const own = await mint({}, keys.user)
    expect(await status(post('/key/block', { key: own.token }, keys.user))).toBe(200)
    expect(await post('/key/unblock', { key: own.token }, keys.user)).toMatchObject({
      status: 403,
      error: { param: 'blocked' },
    })
    expect(await status(post('/key/update', { key: own.token, blocked: false }, keys.user))).toBe(403)
    expect(await status(post('/key/unblock', { key: own.token }))).toBe(200)
  })

  test('others’ keys: a proxy admin all, a team’s admin the team’s, a viewer none', async () => {
    const used = await keyGateway()
    const { post, mint } = used
    const keys = await people(used)
    const team = await mint({ team_id: 't', user_id: 'user' })
    const own = await mint({ user_id: 'user' })
    const block = (who: keyof typeof keys, key: string) => status(post('/key/block', { key }, keys[who]))
    expect(await block('lead', team.token)).toBe(200)
    expect(await status(post('/key/unblock', { key: team.token }, keys.lead))).toBe(200)
    expect(await status(post('/key/update', { key: team.token, max_budget: 3 }, keys.lead))).toBe(200)
    expect(await status(post(`/key/${team.token}/reset_spend`, { reset_to: 0 }, keys.lead))).toBe(200)
    expect(await post('/key/update', { key: team.token, team_id: null }, keys.lead)).toMatchObject({
      status: 403,
      error: { param: 'team_id' },
    })
    expect(await block('lead', own.token)).toBe(403)
    expect(await block('user', team.token)).toBe(403)
    expect(await block('viewer', own.token)).toBe(403)
    expect(await block('reader', own.token)).toBe(403)
    expect(await block('plain', own.token)).toBe(403)
    expect(await block('admin', own.token)).toBe(200)
    await post('/team/permissions_update', { team_id: 't', team_member_permissions: ['/key/delete', '/key/info'] })
    const service = await mint({ team_id: 't' })
    const leads = await mint({ team_id: 't', user_id: 'lead' })
    expect(await status(post('/key/delete', { keys: [leads.token] }, keys.user))).toBe(403)
    expect(await status(post('/key/delete', { keys: [team.token, service.token] }, keys.user))).toBe(200)
  })

  test('all keys of a deletion, or none', async () => {
    const used = await keyGateway()
    const keys = await people(used)
    const mine = await used.mint({}, keys.user)
    const other = await used.mint({ user_id: 'lead' })
    expect(await status(used.post('/key/delete', { keys: [mine.token, other.token] }, keys.user))).toBe(403)
    expect(await status(used.chat(mine.key))).toBe(200)
  })
})

describe('who sees keys', () => {
  test('their own; teams on request; all for who sees everything', async () => {
    const used = await keyGateway()
    const { mint, read } = used
    const keys = await people(used)
    const mine = await mint({ team_id: 't', user_id: 'user' })
    const service = await mint({ team_id: 't' })
    const stranger = await mint({ user_id: 'lead' })
    const listed = async (who: keyof typeof keys, query = '') =>
      ((await read(`/key/list?size=100&${query}`, keys[who])).body['keys'] as string[]).toSorted()
    const own = sha256(keys.user)
    expect(await listed('viewer')).toHaveLength(9)
    expect(await listed('admin')).toHaveLength(9)
    expect(await listed('plain')).toHaveLength(1)
    expect(await listed('user')).toEqual([mine.token, own].toSorted())
    expect(await listed('user', 'include_team_keys=true')).toEqual([service.token, mine.token, own].toSorted())
    expect(await listed('user', 'user_id=lead')).toEqual([])
    expect(await listed('lead', 'team_id=t')).toEqual([service.token, mine.token].toSorted())
    expect(await status(read(`/key/info?key=${stranger.token}`, keys.viewer))).toBe(200)
    expect(await status(read(`/key/info?key=${service.token}`, keys.user))).toBe(200)
    expect(await status(read(`/key/info?key=${stranger.token}`, keys.user))).toBe(403)
    const made = await mint({ team_id: 't', user_id: 'user', key_alias: 'made' }, keys.lead)
    expect(await listed('lead', 'include_created_by_keys=true')).toContain(made.token)
    expect(await listed('lead')).not.toContain(made.token)
  })
})

describe('rights do not travel', () => {
  test('a key of a team or an organization carries no rights over the gateway', async () => {
    const used = await keyGateway()
    const { post, mint, read } = used
    const keys = await people(used)
    await post('/organization/new', { organization_id: 'o', organization_alias: 'O' })
    const bound = [
      await mint({ user_id: 'admin', team_id: 't' }),
      await mint({ user_id: 'admin', organization_id: 'o' }),
    ]
    for (const { key } of bound) {
      expect(await status(post('/key/generate', { user_id: 'user' }, key))).toBe(403)
      expect(await status(post('/key/generate', {}, key))).toBe(403)
      expect(await status(post('/key/block', { key: keys.admin }, key))).toBe(403)
      expect(await status(post('/key/regenerate', { key: keys.admin }, key))).toBe(403)
      expect((await read('/key/list?size=100', key)).body['keys']).toHaveLength(1)
    }
  })

  test('an admin of one team is nobody in another through a key of the first', async () => {
    const used = await keyGateway()
    const { post, mint } = used
    await people(used)
    await post('/team/new', { team_id: 'two', members_with_roles: [member('lead', 'admin')] })
    const inTwo = await mint({ user_id: 'lead', team_id: 'two' })
    const ofT = await mint({ team_id: 't' })
    expect(await status(post('/key/block', { key: ofT.token }, inTwo.key))).toBe(403)
    expect(await status(post('/key/generate', { team_id: 't' }, inTwo.key))).toBe(403)
    expect(await status(post('/key/generate', { team_id: 'two' }, inTwo.key))).toBe(200)
  })

  test('an admin of one organization is nobody in another through a key of the first', async () => {
    const used = await keyGateway()
    const { post, mint } = used
    for (const id of ['one', 'two']) {
      await post('/organization/new', { organization_id: id, organization_alias: id })
      await post('/organization/member_add', { organization_id: id, member: { user_id: 'boss', role: 'org_admin' } })
      await post('/team/new', { team_id: `team-${id}`, organization_id: id })
    }
    const ofOne = await mint({ user_id: 'boss', organization_id: 'one' })
    const generate = (team_id: string) => status(post('/key/generate', { team_id, user_id: null }, ofOne.key))
    expect(await generate('team-one')).toBe(200)
    expect(await generate('team-two')).toBe(403)
  })

  test('an organization’s admin: keys of its teams and members, not of others', async () => {
    const used = await keyGateway()
    const { post, mint } = used
    const keys = await people(used)
    await post('/organization/new', { organization_id: 'o', organization_alias: 'O' })
    await post('/organization/member_add', { organization_id: 'o', member: { user_id: 'lead', role: 'org_admin' } })
    await post('/organization/member_add', { organization_id: 'o', member: { user_id: 'user', role: 'internal_user' } })
    await post('/team/new', { team_id: 'in', organization_id: 'o' })
    expect(await status(post('/key/generate', { team_id: 'in', user_id: null }, keys.lead))).toBe(200)
    expect(await status(post('/key/generate', { organization_id: 'o', user_id: 'user' }, keys.lead))).toBe(200)
    expect(await post('/key/generate', { organization_id: 'o', user_id: 'admin' }, keys.lead)).toMatchObject({
      status: 400,
      error: { param: 'user_id' },
    })
    expect(await status(post('/key/generate', { organization_id: 'o' }, keys.user))).toBe(200)
    expect(await status(post('/key/generate', { organization_id: 'o', user_id: 'lead' }, keys.user))).toBe(403)
    const inside = await mint({ team_id: 'in' })
    expect(await status(post('/key/block', { key: inside.token }, keys.lead))).toBe(200)
    expect(await post('/key/generate', { team_id: 't', organization_id: 'o' })).toMatchObject({
      status: 400,
      error: { param: 'organization_id' },
    })
  })
})

describe('access of other plugins’ routes', () => {
  test('public, key, viewer, admin', async () => {
    const routes = definePlugin({
      name: 'routes',
      options: z.object({}),
      setup(_options, gateway) {
        for (const access of ['public', 'key', 'viewer', 'admin'] as const) {
          gateway.route({ method: 'GET', path: `/test/${access}`, access, handler: () => ({ access }) })
        }
      },
    })
    const used = await keyGateway({ use: [routes] })
    const keys = await people(used)
    const seen = async (key: string | null) => {
      const found: number[] = []
      for (const access of ['public', 'key', 'viewer', 'admin']) {
        found.push((await used.ask('GET', `/test/${access}`, undefined, { key })).status)
      }
      return found
    }
    expect(await seen(null)).toEqual([200, 401, 401, 401])
    expect(await seen(keys.user)).toEqual([200, 200, 403, 403])
    expect(await seen(keys.viewer)).toEqual([200, 200, 200, 403])
    expect(await seen(keys.admin)).toEqual([200, 200, 200, 200])
    const narrow = await used.mint({ allowed_routes: ['/test/key'] })
    expect(await seen(narrow.key)).toEqual([200, 200, 403, 403])
    expect((await used.ask('GET', '/test/viewer', undefined, { key: narrow.key })).error!.code).toBe(
      'route_not_allowed',
    )
    await used.post('/key/block', { key: keys.admin })
    expect(await seen(keys.admin)).toEqual([200, 401, 401, 401])
    expect((await used.chat(keys.viewer)).status).toBe(200)
  })
})
