import { expect, onTestFinished, test } from 'vitest'
import { makeKey, startProvider } from '../plugins/jwt.ts'
import { startUpstream } from '../prices/upstream.ts'
import { ledgerGateway } from './support.ts'

const MASTER = 'sk-master-0123456789'
type Json = Record<string, unknown>

test('a refusal stands in the books of the key that was refused, without what the call said of itself', async () => {
  const { gateway, json } = await ledgerGateway({}, { use: [], plugins: { 'master-key': { key: MASTER } } })
  const post = (path: string, body: Json, as: string) =>
    gateway.fetch(`http://gateway${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const made = (await (
    await post('/key/generate', { key_alias: 'app', user_id: 'ann', models: ['nothing'] }, MASTER)
  ).json()) as { key: string; token: string }
  const call = {
    model: 'fast',
    messages: [{ role: 'user', content: 'Hi' }],
    user: 'a customer',
    metadata: { tags: ['x'] },
  }
  const refused = await post('/v1/chat/completions', call, made.key)
  expect(refused.status).toBe(403)
  const rows = (await json(made.key, '/spend/logs?summarize=false')) as Json[]
  expect(rows).toMatchObject([{ api_key: made.token, user: 'ann', status: 'failure', spend: 0 }])
  expect([rows[0]!['end_user'] || null, rows[0]!['request_tags']]).toEqual([null, []])
})

test('a refusal stands in the books of whose token was refused, where its signature was good', async () => {
  const rsa = await makeKey('one')
  const idp = await startProvider([rsa])
  const jwt = { jwksUrl: idp.url, audience: 'gateway', userIdField: 'sub', teamIdsField: 'groups', userIdUpsert: true }
  const { gateway, json } = await ledgerGateway(
    {},
    { use: [], plugins: { 'master-key': { key: MASTER }, 'jwt-auth': { ...jwt, endUserIdField: 'for' } } },
  )
  const post = (path: string, as: string, body: Json, headers: Record<string, string> = {}) =>
    gateway.fetch(`http://gateway${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  expect((await post('/user/new', MASTER, { user_id: 'bea', auto_create_key: false })).status).toBe(200)
  await post('/user/update', MASTER, { user_id: 'bea', blocked: true })
  await post('/team/new', MASTER, { team_id: 'blue' })
  await post('/customer/block', MASTER, { user_ids: ['nobody'] })
  const call = { model: 'fast', messages: [{ role: 'user', content: 'Hi' }] }
  const refused = async (claims: Json, headers?: Record<string, string>) => {
    const { status } = await post('/v1/chat/completions', await idp.sign(rsa, claims), call, headers)
    expect(status).toBeGreaterThan(400)
    return ((await json(MASTER, '/spend/logs?summarize=false')) as Json[])[0]!
  }
  expect(await refused({ sub: 'bea' })).toMatchObject({ user: 'bea', status: 'failure', spend: 0 })
  expect(await refused({ sub: 'ann' }, { 'x-litellm-team-id': 'red' })).toMatchObject({ user: 'ann' })
  const ofTeam = await refused({ sub: 'ann', groups: ['unknown', 'blue'], for: 'nobody' })
  expect(ofTeam).toMatchObject({ user: 'ann', team_id: 'blue', api_key: 'jwt:ann:blue' })
  // What nobody has signed says nothing.
  expect((await refused({ sub: 'ann', exp: 1 }))['user'] || null).toBeNull()
})

test('what is fetched, deleted or uploaded cost nothing; what a batch will cost nobody knows', async () => {
  const upstream = await startUpstream((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: 'file-1', data: [] }))
  })
  onTestFinished(() => upstream.close())
  const model = { name: 'm', model: 'openai/own', apiKey: 'sk-test-0000', baseURL: upstream.baseURL }
  const { gateway, json } = await ledgerGateway({}, { models: [model] })
  const call = async (method: string, path: string) => {
    const headers = { authorization: 'Bearer admin', 'x-litellm-model': 'm', 'content-type': 'application/json' }
    const body = method === 'POST' ? JSON.stringify({ a: 1 }) : null
    const response = await gateway.fetch(`http://gateway/v1${path}`, { method, headers, body })
    expect([method, path, response.status]).toEqual([method, path, 200])
    await response.arrayBuffer()
  }
  await call('GET', '/files')
  await call('DELETE', '/files/file-1')
  await call('POST', '/files')
  expect(await json('admin', '/global/spend')).toMatchObject({ api_requests: 3, unknown_cost_requests: 0 })
  await call('POST', '/batches')
  expect(await json('admin', '/global/spend')).toMatchObject({ api_requests: 4, unknown_cost_requests: 1 })
  expect(((await json('admin', '/spend/logs')) as Json[]).map(({ spend }) => spend)).toEqual([null, 0, 0, 0])
})

test('readiness says how the database is', async () => {
  const { gateway } = await ledgerGateway({}, { use: [], plugins: { 'master-key': { key: MASTER } } })
  const ready = await gateway.fetch('http://gateway/health/readiness')
  expect(await ready.json()).toMatchObject({ status: 'healthy', db: 'connected' })
})
