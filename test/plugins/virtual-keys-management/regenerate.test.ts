import { expect, it } from 'vitest'
import { startApi } from './support.ts'

it('keys that are to become each other at once are refused, and can be changed afterwards', async () => {
  const { post, key, chat } = await startApi()
  const user = (await post('/user/new', { user_id: 'u' })).body.key
  const [a, b] = ['sk-aaaaaaaaaaaaaaaaaaaa', 'sk-bbbbbbbbbbbbbbbbbbbb'] as const
  for (const each of [a, b]) await key({ key: each, user_id: 'u' })
  const answers = await Promise.all([
    post('/key/regenerate', { key: a, new_key: b }, user),
    post('/key/regenerate', { key: b, new_key: a }, user),
  ])
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 400, body: { error: { param: 'new_key', code: 'key_exists' } } })
  }
  expect([await chat(a), await chat(b)]).toEqual([200, 200])
  expect((await post('/key/block', { key: a })).body.blocked).toBe(true)
  expect((await post('/key/delete', { keys: [b] })).status).toBe(200)
})
