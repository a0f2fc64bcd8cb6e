import { describe, expect, test } from 'vitest'
import type { Answered } from './keys-support.ts'
import { keyGateway } from './keys-support.ts'

const denied = (owner: string) => ({
  status: 403,
  error: { type: `${owner}_model_access_denied`, code: 'model_access_denied', param: 'model' },
})

async function names(read: (path: string, key: string) => Promise<Answered>, key: string): Promise<string[]> {
  const { body } = await read('/v1/models', key)
  return (body['data'] as { id: string }[]).map(({ id }) => id)
}

describe('which models a key may use', () => {
  test.each([
    [[], { small: 200, large: 200, 'vendor/x': 200 }],
    [['small'], { small: 200, large: 403, 'vendor/x': 403 }],
    [['cheap'], { small: 200, large: 403, 'vendor/x': 403 }],
    [['vendor/*'], { small: 403, large: 403, 'vendor/x': 200 }],
    [['vendor/x'], { small: 403, 'vendor/x': 200, 'vendor/y': 403 }],
    [['l*'], { small: 403, large: 200 }],
    [['all-proxy-models'], { small: 200, large: 200 }],
    [['no-default-models'], { small: 403, large: 403 }],
    // What a team has means nothing without a team.
    [['all-team-models'], { small: 403, large: 403 }],
    [['all-team-models', 'small'], { small: 200, large: 403 }],
  ])('a list of %j', async (models, expected) => {
    const { mint, chat } = await keyGateway()
    const { key } = await mint({ models })
    for (const [model, status] of Object.entries(expected)) {
      const answer = await chat(key, { model })
      if (status === 403) expect(answer).toMatchObject(denied('key'))
      expect({ model, status: answer.status }).toEqual({ model, status })
    }
  })

  test('the list is also what /v1/models shows', async () => {
    const { mint, read } = await keyGateway()
    expect(await names(read, (await mint({ models: ['small', 'vendor/x'] })).key)).toEqual(['small', 'vendor/x'])
    expect(await names(read, (await mint({ models: ['no-default-models'] })).key)).toEqual([])
  })

  test('an alias is resolved first and then checked', async () => {
    const { mint, chat } = await keyGateway()
    const { key } = await mint({ models: ['small'], aliases: { mine: 'small', theirs: 'large', large: 'small' } })
    expect((await chat(key, { model: 'mine' })).status).toBe(200)
    expect(await chat(key, { model: 'theirs' })).toMatchObject(denied('key'))
    expect((await chat(key, { model: 'large' })).status).toBe(200)
    const named = await mint({ models: ['mine'], aliases: { mine: 'large' } })
    expect(await chat(named.key, { model: 'mine' })).toMatchObject(denied('key'))
  })

  test('an alias of the key wins over the team’s', async () => {
    const { mint, chat, post } = await keyGateway()
    await post('/team/new', { team_id: 't', models: ['small'], model_aliases: { a: 'large', b: 'small' } })
    const { key } = await mint({ team_id: 't', aliases: { a: 'small' } })
    expect((await chat(key, { model: 'a' })).status).toBe(200)
    expect((await chat(key, { model: 'b' })).status).toBe(200)
  })

  test('fallbacks that the caller names are checked as well', async () => {
    const { mint, chat } = await keyGateway()
    const { key } = await mint({ models: ['vendor/*'] })
    expect((await chat(key, { model: 'vendor/error-500', fallbacks: ['small'] })).status).not.toBe(200)
    const both = await mint({ models: ['vendor/*', 'small'] })
    expect((await chat(both.key, { model: 'vendor/error-500', fallbacks: ['small'] })).status).toBe(200)
  })

  test('passed-through paths obey, with and without a model in the request', async () => {
    const { mint, ask } = await keyGateway({
      models: [
        { name: 'small', model: 'mock/small' },
        { name: 'up', model: 'openai/x', baseURL: 'http://127.0.0.1:9/v1', apiKey: 'none' },
      ],
      passThrough: { default: 'up' },
    })
    const { key } = await mint({ models: ['small'] })
    const body = { input: 'x' }
    expect((await ask('POST', '/v1/moderations', body, { key })).status).toBe(403)
    expect(await ask('POST', '/v1/moderations', { ...body, model: 'up' }, { key })).toMatchObject(denied('key'))
    expect((await ask('GET', '/v1/files', undefined, { key })).status).toBe(403)
    expect((await ask('GET', '/v1/files', undefined, { key, headers: { 'x-litellm-model': 'up' } })).status).toBe(403)
  })
})

describe('what the owners allow', () => {
  test('a team: an empty list of the key is the team’s, never more', async () => {
    const { mint, chat, post } = await keyGateway()
    await post('/team/new', { team_id: 't', models: ['small'] })
    for (const models of [[], ['all-team-models'], ['all-proxy-models'], ['*']]) {
      const { key } = await mint({ team_id: 't', models })
      expect((await chat(key)).status).toBe(200)
      expect(await chat(key, { model: 'large' })).toMatchObject(denied('team'))
    }
    const { key } = await mint({ team_id: 't', models: ['large'] })
    expect(await chat(key)).toMatchObject(denied('key'))
    expect(await chat(key, { model: 'large' })).toMatchObject(denied('team'))
  })

  test('a team with an empty list adds nothing, and its organization still holds', async () => {
    const { mint, chat, post } = await keyGateway()
    await post('/organization/new', { organization_id: 'o', organization_alias: 'O', models: ['small'] })
    await post('/team/new', { team_id: 't', organization_id: 'o', models: [] })
    await post('/team/new', { team_id: 'free', models: [] })
    const { key } = await mint({ team_id: 't' })
    expect((await chat(key)).status).toBe(200)
    expect(await chat(key, { model: 'large' })).toMatchObject(denied('org'))
    expect((await chat((await mint({ team_id: 'free' })).key, { model: 'large' })).status).toBe(200)
  })

  test('a user: their list holds for their own keys, not for the team’s', async () => {
    const { mint, chat, post } = await keyGateway()
    await post('/user/new', { user_id: 'u', models: ['small'], auto_create_key: false })
    await post('/user/new', { user_id: 'none', models: ['no-default-models'], auto_create_key: false })
    const own = await mint({ user_id: 'u' })
    expect((await chat(own.key)).status).toBe(200)
    expect(await chat(own.key, { model: 'large' })).toMatchObject(denied('user'))
    expect((await chat((await mint({ user_id: 'u', team_id: 't' })).key, { model: 'large' })).status).toBe(200)
    expect(await chat((await mint({ user_id: 'none' })).key)).toMatchObject(denied('user'))
    expect((await chat((await mint({ user_id: 'none', team_id: 't' })).key)).status).toBe(200)
  })

  test('changes of an owner hold on the next call', async () => {
    const { mint, chat, post } = await keyGateway()
    await post('/team/new', { team_id: 't', models: ['small'] })
    const { key } = await mint({ team_id: 't' })
    expect((await chat(key, { model: 'large' })).status).toBe(403)
    await post('/team/update', { team_id: 't', models: ['small', 'large'] })
    expect((await chat(key, { model: 'large' })).status).toBe(200)
  })
})
