import { expect, test } from 'vitest'
import { startApi } from './support.ts'
import type { Api } from './support.ts'

const DAY = 86_400_000

/** A team whose members' keys live 30 days, with ann in it, and a key of hers that may make others. */
async function team(): Promise<Api & { ann: string }> {
  const api = await startApi()
  await api.post('/user/new', { user_id: 'ann', user_role: 'internal_user', auto_create_key: false })
  const body = {
    team_id: 'red',
    team_member_key_duration: '30d',
    team_member_permissions: ['/key/generate', '/key/update', '/key/regenerate'],
    members_with_roles: [{ user_id: 'ann', role: 'user' }],
  }
  expect((await api.post('/team/new', body)).status).toBe(200)
  return { ...api, ann: await api.key({ user_id: 'ann' }) }
}

const days = (expires: string | null) => expires && Math.round((Date.parse(expires) - Date.now()) / DAY)
const RED = { team_id: 'red', user_id: 'ann' }

test('keys of members live as long as the team says, or less', async () => {
  const { post, get, ann, key } = await team()
  for (const by of [undefined, ann]) {
    const lives = async (body: Record<string, unknown>) => {
      const made = await post('/key/generate', { ...RED, ...body }, by)
      expect(made.status).toBe(200)
      return days(made.body.expires)
    }
    expect(await lives({})).toBe(30)
    expect(await lives({ duration: null })).toBe(30)
    expect(await lives({ duration: '5d' })).toBe(5)
    expect(await lives({ duration: '30d' })).toBe(30)
    const longer = await post('/key/generate', { ...RED, duration: '31d' }, by)
    expect([longer.status, longer.body.error.code, longer.body.error.param]).toEqual([400, 'above_team', 'duration'])
  }
  const info = await get(`/key/info?key=${await key(RED)}`)
  expect(days(info.body.info.expires)).toBe(30)
})

test('keys of nobody, of no team, and of teams that say nothing have no end', async () => {
  const { post } = await team()
  await post('/team/new', { team_id: 'blue', members_with_roles: [{ user_id: 'ann', role: 'user' }] })
  const ends = async (path: string, body: Record<string, unknown>) => (await post(path, body)).body.expires
  expect(await ends('/key/service-account/generate', { team_id: 'red' })).toBe(null)
  expect(await ends('/key/generate', { team_id: 'red' })).toBe(null)
  expect(await ends('/key/generate', { user_id: 'ann' })).toBe(null)
  expect(await ends('/key/generate', { team_id: 'blue', user_id: 'ann' })).toBe(null)
})

test('nobody lengthens such a key but a proxy admin', async () => {
  const { post, ann } = await team()
  const { body: made } = await post('/key/generate', RED, ann)
  for (const duration of ['31d', null]) {
    const refused = [400, 'above_team']
    const changed = await post('/key/update', { key: made.key, duration }, ann)
    expect([changed.status, changed.body.error.code]).toEqual(refused)
    for (const by of [undefined, ann]) {
      const again = await post('/key/regenerate', { key: made.key, duration }, by)
      expect([again.status, again.body.error.code]).toEqual(refused)
    }
  }
  expect(days((await post('/key/update', { key: made.key, duration: '20d' }, ann)).body.expires)).toBe(20)
  expect((await post('/key/update', { key: made.key, key_alias: 'mine' }, ann)).status).toBe(200)
  expect(days((await post('/key/update', { key: made.key, duration: '90d' })).body.expires)).toBe(90)
  const next = await post('/key/regenerate', { key: made.key, duration: '10d' }, ann)
  expect(days(next.body.expires)).toBe(10)
})

test('LiteLLM’s "-1" is for ever, as null is', async () => {
  const { post, ann, key } = await team()
  const own = await key({ user_id: 'ann', duration: '1h' })
  const changed = await post('/key/update', { key: own, duration: '-1' })
  expect([changed.status, changed.body.expires]).toEqual([200, null])
  const made = await post('/key/generate', { ...RED, duration: '-1' }, ann)
  expect([made.status, days(made.body.expires)]).toEqual([200, 30])
  const longer = await post('/key/update', { key: made.body.key, duration: '-1' }, ann)
  expect([longer.status, longer.body.error.code]).toEqual([400, 'above_team'])
  expect((await post('/key/generate', { budget_duration: '-1' })).status).toBe(400)
})

test('no duration is so long that it counts as short', async () => {
  const { post, ann, key } = await team()
  const own = await key({ user_id: 'ann', duration: '1h' })
  // Years of more than four digits have a sign before them, and as text come before all others.
  for (const duration of ['999999w', '999999mo', '100000mo']) {
    for (const [path, body, by] of [
      ['/key/generate', {}, undefined],
      ['/key/generate', {}, own],
      ['/key/generate', RED, ann],
      ['/key/update', { key: own }, own],
      ['/key/update', { key: await key(RED) }, ann],
    ] as const) {
      const { status, body: answer } = await post(path, { ...body, duration }, by)
      expect([path, status, answer.error?.param]).toEqual([path, 400, 'duration'])
    }
  }
  const { status, body } = await post('/key/regenerate', { key: own, grace_period: '999999w' })
  expect([status, body.error.param]).toEqual([400, 'grace_period'])
})
