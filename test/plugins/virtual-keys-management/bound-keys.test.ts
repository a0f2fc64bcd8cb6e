import { expect, it } from 'vitest'
import { startApi } from './support.ts'
import type { Api } from './support.ts'

/**
 * Ann is in the organization `acme` and an admin of its team `ours`, and of the teams `theirs` of another organization and
 * `free` of none. An admin of `acme` has made a key in her name.
 */
async function annsKeys(): Promise<{ api: Api; own: string; ofAcme: string }> {
  const api = await startApi()
  const must = async (answer: Promise<{ status: number; body: Record<string, string> }>) => {
    const { status, body } = await answer
    expect({ status, body }).toMatchObject({ status: 200 })
    return body
  }
  for (const id of ['acme', 'other'])
    await must(api.post('/organization/new', { organization_id: id, organization_alias: id }))
  await must(api.post('/team/new', { team_id: 'ours', organization_id: 'acme' }))
  await must(api.post('/team/new', { team_id: 'theirs', organization_id: 'other' }))
  await must(api.post('/team/new', { team_id: 'free' }))
  const { key: boss } = await must(api.post('/user/new', { user_id: 'boss' }))
  const { key: own } = await must(api.post('/user/new', { user_id: 'ann' }))
  const member = [{ user_id: 'boss', role: 'org_admin' }, { user_id: 'ann' }]
  await must(api.post('/organization/member_add', { organization_id: 'acme', member }))
  for (const team_id of ['ours', 'theirs', 'free'])
    await must(api.post('/team/member_add', { team_id, member: { user_id: 'ann', role: 'admin' } }))
  const made = await must(api.post('/key/generate', { user_id: 'ann', organization_id: 'acme' }, boss))
  return { api, own: own!, ofAcme: made['key']! }
}

/** What Ann can do in a team with a key, by the status of each. */
async function reach(api: Api, key: string, team_id: string): Promise<Record<string, number>> {
  const chat = await api.gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-litellm-team-id': team_id },
    body: JSON.stringify({ model: 'mock', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  const service = await api.key({ team_id })
  const listed = await api.get(`/key/list?team_id=${team_id}`, key)
  return {
    call: chat.status,
    info: (await api.get(`/team/info?team_id=${team_id}`, key)).status,
    generate: (await api.post('/key/generate', { team_id, user_id: null }, key)).status,
    block: (await api.post('/key/block', { key: service }, key)).status,
    listed: listed.body.keys.length > 0 ? 200 : 403,
    update: (await api.post('/team/update', { team_id, team_alias: 'mine' }, key)).status,
    addMember: (await api.post('/team/member_add', { team_id, member: { user_id: `${team_id}-guest` } }, key)).status,
  }
}

const everything = { call: 200, info: 200, generate: 200, block: 200, listed: 200, update: 200, addMember: 200 }
const nothing = { call: 403, info: 403, generate: 403, block: 403, listed: 403, update: 403, addMember: 403 }

it('acts for its user in the teams of its organization only', async () => {
  const { api, own, ofAcme } = await annsKeys()
  expect(await reach(api, ofAcme, 'ours')).toEqual(everything)
  expect(await reach(api, ofAcme, 'theirs')).toEqual(nothing)
  expect(await reach(api, ofAcme, 'free')).toEqual(nothing)
  expect(await reach(api, own, 'theirs')).toEqual(everything)
  expect(await reach(api, own, 'free')).toEqual(everything)
})
