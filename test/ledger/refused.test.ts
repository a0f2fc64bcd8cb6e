import { expect, test } from 'vitest'
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

test('readiness says how the database is', async () => {
  const { gateway } = await ledgerGateway({}, { use: [], plugins: { 'master-key': { key: MASTER } } })
  const ready = await gateway.fetch('http://gateway/health/readiness')
  expect(await ready.json()).toMatchObject({ status: 'healthy', db: 'connected' })
})
