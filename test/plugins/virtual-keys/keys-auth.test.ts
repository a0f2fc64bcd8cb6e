import { createHash } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { definePlugin, z } from '../../../src/index.ts'
import type { LogRecord, Principal } from '../../../src/index.ts'
import { MASTER, keyGateway } from './keys-support.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** Keeps what the log stage receives. */
function spy() {
  const records: LogRecord[] = []
  const principals: (Principal | undefined)[] = []
  const plugin = definePlugin({
    name: 'spy',
    options: z.object({}),
    setup: () => ({
      rateLimit: (ctx) => void principals.push(ctx.principal),
      log: (record) => void records.push(record),
    }),
  })
  return { plugin, records, principals }
}

describe('a virtual key', () => {
  test('is made, used, blocked and taken again', async () => {
    const { mint, chat, post } = await keyGateway()
    const { key, token } = await mint()
    expect(key).toMatch(/^sk-[\w-]{22}$/)
    expect(token).toBe(sha256(key))
    expect((await chat(key)).status).toBe(200)
    expect((await post('/key/block', { key })).body).toMatchObject({ token, blocked: true })
    expect(await chat(key)).toMatchObject({ status: 401, error: { type: 'auth_error', message: 'Key is blocked.' } })
    expect((await post('/key/unblock', { key: token })).body).toMatchObject({ blocked: false })
    expect((await chat(key)).status).toBe(200)
  })

  test.each([
    'authorization',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'x-litellm-api-key',
    'ocp-apim-subscription-key',
  ])('comes in the header %s', async (name) => {
    const { mint, chat } = await keyGateway()
    const { key } = await mint()
    expect((await chat(null, {}, { [name]: name === 'authorization' ? `Bearer ${key}` : key })).status).toBe(200)
  })

  test('comes in a header of the operator’s own, for the master key too', async () => {
    const { mint, chat } = await keyGateway({
      plugins: {
        'master-key': { key: MASTER, keyHeader: 'X-House-Key' },
        'virtual-keys': { keyHeader: 'X-House-Key' },
      },
    })
    const { key } = await mint()
    expect((await chat(null, {}, { 'x-house-key': `Bearer ${key}` })).status).toBe(200)
    expect((await chat('sk-other', {}, { 'x-house-key': key })).status).toBe(200)
    expect((await chat(null, {}, { 'x-house-key': MASTER })).status).toBe(200)
    expect((await chat(key, {}, { 'x-house-key': 'sk-nobody' })).status).toBe(401)
  })

  test('that does not exist is a 401 of the master key’s plugin, and the master key goes on', async () => {
    const { chat } = await keyGateway()
    expect(await chat('sk-nobody')).toMatchObject({ status: 401, error: { code: 'invalid_api_key' } })
    expect((await chat(MASTER)).status).toBe(200)
  })

  test('that was deleted is unknown at once', async () => {
    const { mint, chat, post } = await keyGateway()
    const { key, token } = await mint({ key_alias: 'ci' })
    expect((await chat(key)).status).toBe(200)
    expect((await post('/key/delete', { key_aliases: ['ci'] })).body).toEqual({ deleted_keys: ['ci'] })
    expect(await chat(key)).toMatchObject({ status: 401, error: { code: 'invalid_api_key' } })
    expect(await post('/key/delete', { keys: [token] })).toMatchObject({
      status: 404,
      error: { code: 'key_not_found' },
    })
  })

  test('ends', async () => {
    const { mint, chat } = await keyGateway()
    const { key, expires } = await mint({ duration: '1h' })
    expect((await chat(key)).status).toBe(200)
    vi.useFakeTimers({ now: Date.parse(expires as string), toFake: ['Date'] })
    try {
      expect(await chat(key)).toMatchObject({ status: 401, error: { type: 'expired_key', code: 'expired_key' } })
    } finally {
      vi.useRealTimers()
    }
  })

  test('is honoured without a master key as well; others are let in as before', async () => {
    const { mint, chat, post } = await keyGateway({ plugins: { 'master-key': {} } })
    const { key } = await mint({ models: ['small'] }, 'anything')
    expect((await chat(key)).status).toBe(200)
    expect((await chat(key, { model: 'large' })).status).toBe(403)
    expect((await chat('sk-unknown', { model: 'large' })).status).toBe(200)
    expect((await chat(null, { model: 'large' })).status).toBe(200)
    await post('/key/block', { key })
    expect((await chat(key)).status).toBe(401)
    expect((await post('/key/generate', {}, key)).status).toBe(401)
  })

  test('is nobody’s whose hash is presented', async () => {
    const { mint, chat } = await keyGateway()
    const { token } = await mint()
    expect((await chat(token)).status).toBe(401)
    expect((await chat(`sk-${token}`)).status).toBe(401)
  })
})

describe('what a call carries', () => {
  test('the key’s owners, tags and metadata, without claims', async () => {
    const { plugin, records, principals } = spy()
    const { mint, chat, post } = await keyGateway({ use: [plugin] })
    await post('/team/new', {
      team_id: 't',
      tags: ['team-tag'],
      metadata: { from: 'team', both: 'team' },
      members_with_roles: [{ user_id: 'u', role: 'user' }],
    })
    const { key, token } = await mint({
      key_alias: 'app',
      team_id: 't',
      user_id: 'u',
      tags: ['a'],
      metadata: { tags: ['b'], both: 'key', user_api_key_user_id: 'admin' },
    })
    await chat(key, { metadata: { tags: ['own'] } })
    await chat(key)
    expect(principals[0]).toMatchObject({
      id: token,
      role: 'user',
      proxyRole: 'internal_user',
      name: 'app',
      user: 'u',
      team: 't',
      metadata: { from: 'team', both: 'key', tags: ['b'] },
      tags: ['a', 'b', 'team-tag'],
    })
    expect(principals[0]!.metadata).not.toHaveProperty('user_api_key_user_id')
    expect(principals[0]!.scopes!.map(({ kind, id }) => [kind, id])).toEqual([
      ['key', token],
      ['team', 't'],
      ['team_member', 't/u'],
      ['user', 'u'],
    ])
    expect(principals[1]).toBe(principals[0])
    await vi.waitFor(() => expect(records).toHaveLength(2))
    expect(records[0]!.tags).toEqual(['a', 'b', 'team-tag', 'own'])
  })

  test('the same objects until something about them changes', async () => {
    const { plugin, principals } = spy()
    const { mint, chat, post } = await keyGateway({ use: [plugin] })
    await post('/team/new', { team_id: 't', max_budget: 5 })
    const { key } = await mint({ team_id: 't', rpm_limit: 10 })
    await chat(key)
    await mint()
    await chat(key)
    await post('/team/update', { team_id: 't', max_budget: 7 })
    await chat(key)
    const [first, second, third] = principals
    expect(second).toBe(first)
    expect(third).not.toBe(first)
    expect(third!.scopes![0]).toBe(first!.scopes![0])
    expect(third!.scopes![1]).toMatchObject({ id: 't', budgets: [{ id: 'total', max: 7_000_000_000 }] })
  })
})

describe('blocked and missing owners', () => {
  test('a team, a user, an organization', async () => {
    const { mint, chat, post } = await keyGateway()
    await post('/organization/new', { organization_id: 'o', organization_alias: 'O' })
    await post('/team/new', { team_id: 't', organization_id: 'o' })
    const team = await mint({ team_id: 't' })
    expect((await chat(team.key)).status).toBe(200)
    await post('/team/block', { team_id: 't' })
    expect(await chat(team.key)).toMatchObject({
      status: 401,
      error: { type: 'auth_error', message: 'The team of this key is blocked.' },
    })
    await post('/team/unblock', { team_id: 't' })
    expect((await chat(team.key)).status).toBe(200)
    await post('/team/delete', { team_ids: ['t'] })
    expect((await chat(team.key)).status).toBe(401)
  })

  test('a key whose team or organization is gone is refused, not freed', async () => {
    const { context, mint, chat } = await keyGateway()
    const { key } = await mint({ team_id: 'gone' })
    expect((await chat(key)).status).toBe(200)
    await context.directory.update('team', 'gone', () => undefined)
    expect(await chat(key)).toMatchObject({
      status: 401,
      error: { message: 'The team of this key does not exist any more.' },
    })
  })

  test('a user', async () => {
    const { context, mint, chat } = await keyGateway()
    const own = await mint({ user_id: 'u' })
    const team = await mint({ user_id: 'u', team_id: 't' })
    await context.directory.update('user', 'u', (user) => ({ ...user!, blocked: true }))
    for (const { key } of [own, team]) {
      expect(await chat(key)).toMatchObject({ status: 401, error: { message: 'The user of this key is blocked.' } })
    }
  })
})
