import { expect, test } from 'vitest'
import { ledgerGateway } from './support.ts'
import type { TestGateway } from './support.ts'

const MASTER = 'sk-master-0123456789'
type Json = Record<string, unknown>

/** An organization with two teams, of one of which Ann is an admin and Bob a member; each of them and a robot has called once. */
async function company() {
  const test = await ledgerGateway({}, { use: [], plugins: { 'master-key': { key: MASTER }, budget: { max: 12.5 } } })
  const post = async (path: string, body: Json, method = 'POST') => {
    const headers = { authorization: `Bearer ${MASTER}`, 'content-type': 'application/json' }
    const answer = await test.gateway.fetch(`http://gateway${path}`, { method, headers, body: JSON.stringify(body) })
    expect({ path, status: answer.status }).toEqual({ path, status: 200 })
    return (await answer.json()) as Json & { key: string }
  }
  await post('/organization/new', { organization_id: 'acme', organization_alias: 'Acme' })
  for (const team of ['search', 'maps']) await post('/team/new', { team_id: team, organization_id: 'acme' })
  const key = async (body: Json) => (await post('/key/generate', body)).key
  const [ann, bob, olga] = await Promise.all(
    ['ann', 'bob', 'olga'].map(async (user_id) => (await post('/user/new', { user_id, auto_create_key: true })).key),
  )
  await post('/team/member_add', { team_id: 'search', member: { role: 'admin', user_id: 'ann' } })
  await post('/team/member_add', { team_id: 'search', member: { role: 'user', user_id: 'bob' } })
  await post('/organization/member_add', { organization_id: 'acme', member: { role: 'org_admin', user_id: 'olga' } })
  await post('/organization/new', { organization_id: 'other', organization_alias: 'Other' })
  const annInAcme = await key({ organization_id: 'acme', user_id: 'ann' })
  const annInOther = await key({ organization_id: 'other', user_id: 'ann' })
  const annInMaps = await key({ team_id: 'maps', user_id: 'ann' })
  const annInSearch = await key({ team_id: 'search', user_id: 'ann' })
  for (const as of [
    annInSearch,
    await key({ team_id: 'search', user_id: 'bob' }),
    await key({ team_id: 'search' }),
    await key({ team_id: 'maps' }),
  ]) {
    await (await test.chat(as)).arrayBuffer()
  }
  return { test, ann: ann!, bob: bob!, olga: olga!, annInMaps, annInSearch, annInAcme, annInOther }
}

const called = async (test: TestGateway, as: string) => ({
  rows: ((await test.json(as, '/spend/logs?team_id=search')) as Json[]).length,
  page: ((await test.json(as, '/spend/logs/v2?team_id=search')) as { data: Json[] }).data.length,
  teams: ((await test.json(as, '/spend/teams?team_id=search')) as Json[]).map((row) => row['api_requests']),
  activity: (
    (await test.json(as, '/team/daily/activity?team_ids=search')) as { results: { metrics: Json }[] }
  ).results.map(({ metrics }) => metrics['api_requests']),
  report: (
    (await test.json(as, '/global/spend/report?group_by=team&team_id=search')) as { teams: { metadata: Json[] }[] }[]
  ).map(({ teams }) => teams[0]!.metadata.length),
})
const all = { rows: 3, page: 3, teams: [3], activity: [3], report: [3] }
const own = (count: number) => {
  const sums = count > 0 ? [count] : []
  return { rows: count, page: count, teams: sums, activity: sums, report: sums }
}

test('admins of a team see what it called when they name it', async () => {
  const { test, ann, bob, olga, annInMaps, annInSearch } = await company()
  expect(await called(test, ann)).toEqual(all)
  expect(await called(test, annInSearch)).toEqual(all)
  expect(await called(test, olga)).toEqual(all)
  // A member their own calls, and a key of another team nothing.
  expect(await called(test, bob)).toEqual({ ...own(0), rows: 1, page: 1 })
  expect(await called(test, annInMaps)).toEqual(own(0))
})

test('a key of a team, which others than its user may have made, shows what the user called there', async () => {
  const { test, ann, annInMaps, annInSearch, annInAcme } = await company()
  await (await test.chat(ann)).arrayBuffer()
  const today = new Date().toISOString().slice(0, 10)
  const days = `start_date=${today}&end_date=${today}`
  const seen = async (as: string) => ({
    rows: ((await test.json(as, '/spend/logs')) as Json[]).length,
    page: ((await test.json(as, '/spend/logs/v2')) as { data: Json[] }).data.length,
    byDay: ((await test.json(as, `/spend/logs?${days}`)) as Json[]).length,
    keys: ((await test.json(as, '/spend/keys')) as Json[]).length,
    activity: ((await test.json(as, '/user/daily/activity')) as { results: { metrics: Json }[] }).results.map(
      ({ metrics }) => metrics['api_requests'],
    ),
  })
  const nothing = { rows: 0, page: 0, byDay: 0, keys: 0, activity: [] }
  expect(await seen(ann)).toEqual({ rows: 2, page: 2, byDay: 1, keys: 2, activity: [2] })
  expect(await seen(annInSearch)).toEqual({ rows: 1, page: 1, byDay: 1, keys: 1, activity: [1] })
  expect(await seen(annInMaps)).toEqual(nothing)
  // Of the organization are the rows of its team, and not what Ann called for herself.
  expect(await seen(annInAcme)).toEqual({ ...nothing, rows: 1, page: 1 })
})

test('a key of an organization is no admin of a team of another', async () => {
  const { test, annInAcme, annInOther } = await company()
  expect(await called(test, annInAcme)).toEqual(all)
  expect(await called(test, annInOther)).toEqual(own(0))
})

test('it does not open what is beside it', async () => {
  const { test, ann, bob, olga } = await company()
  const paths = [
    '/spend/logs?team_id=maps',
    '/spend/teams?team_id=maps',
    '/spend/teams?team_id=search,maps',
    '/global/spend/report?internal_user_id=bob&team_id=search',
    '/spend/users?team_id=search&user_id=bob',
  ]
  for (const path of paths) expect({ path, rows: await test.json(ann, path) }).toEqual({ path, rows: [] })
  expect(await test.json(ann, '/spend/logs?team_id=search&user_id=bob')).toHaveLength(1)
  expect((await test.json(bob, '/spend/logs')) as Json[]).toHaveLength(1)
  expect(await test.json(olga, '/spend/teams?team_id=search,maps')).toHaveLength(2)
})

test('admins of an organization see what it called when they name it', async () => {
  const { test, ann, olga } = await company()
  const path = '/organization/daily/activity?organization_ids=acme'
  expect(await test.json(olga, path)).toMatchObject({ results: [{ metrics: { api_requests: 4 } }] })
  expect(await test.json(ann, path)).toMatchObject({ results: [] })
})

test('filters that daily sums do not know give rows', async () => {
  const { test } = await company()
  const today = new Date().toISOString().slice(0, 10)
  const rows = await test.json(MASTER, `/spend/logs?start_date=${today}&end_date=${today}&team_id=maps`)
  expect(rows).toMatchObject([{ team_id: 'maps' }])
})

test('the budget of the whole gateway is told to those who see all', async () => {
  const { test, ann } = await company()
  expect(await test.json(MASTER, '/global/spend')).toMatchObject({ api_requests: 4, max_budget: 12.5 })
  expect(await test.json(ann, '/global/spend')).toMatchObject({ api_requests: 1, max_budget: null })
})
