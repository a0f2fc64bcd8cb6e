import { expect, it } from 'vitest'
import { keyGateway } from './keys-support.ts'

const CHAT = { model: 'small', messages: [{ role: 'user', content: 'Hi' }] }

it('finds a blocked end user behind empty names, and in forms', async () => {
  const { gateway, chat, mint, post } = await keyGateway()
  expect((await post('/customer/block', { user_ids: ['mallory'] })).status).toBe(200)
  const { key } = await mint()
  const blocked = [403, 'end_user_blocked']
  for (const [body, headers] of [
    [{ user: 'mallory' }, {}],
    [{ user: 'mallory' }, { 'x-litellm-customer-id': '' }],
    [{}, { 'x-litellm-customer-id': '', 'x-litellm-end-user-id': 'mallory' }],
    [{ user: '', metadata: { user_id: 'mallory' } }, {}],
    [{ user: '', safety_identifier: 'mallory' }, {}],
  ] as const) {
    const { status, error } = await chat(key, { ...CHAT, ...body }, headers as Record<string, string>)
    expect([body, status, error?.code]).toEqual([body, ...blocked])
  }
  const form = async (user: string) => {
    const body = new FormData()
    body.set('file', new Blob(['RIFF']), 'a.wav')
    body.set('model', 'small')
    body.set('user', user)
    const init = { method: 'POST', headers: { authorization: `Bearer ${key}` }, body }
    const answer = await gateway.fetch('http://gateway/v1/images/edits', init)
    return [answer.status, ((await answer.json()) as { error: { code: string } }).error.code]
  }
  expect(await form('mallory')).toEqual(blocked)
  expect(await form('ann')).not.toEqual(blocked)
})

it('refuses a form that names a model that the key may use, and another', async () => {
  const { gateway, mint } = await keyGateway()
  const { key } = await mint({ models: ['small'] })
  const body = new FormData()
  body.append('model', 'small')
  body.append('model', 'large')
  const init = { method: 'POST', headers: { authorization: `Bearer ${key}` }, body }
  const answer = await gateway.fetch('http://gateway/v1/audio/transcriptions', init)
  expect([answer.status, await answer.json()]).toMatchObject([
    400,
    { error: { code: 'invalid_multipart', param: 'model' } },
  ])
})
