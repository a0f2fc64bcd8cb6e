import { describe, expect, onTestFinished, test } from 'vitest'
import { definePlugin, z } from '../../../src/index.ts'
import type { Principal } from '../../../src/index.ts'
import { chatAnswer, startUpstream } from '../support.ts'
import { MASTER, keyGateway } from './keys-support.ts'

function watchPrincipals() {
  const principals: (Principal | undefined)[] = []
  const plugin = definePlugin({
    name: 'watch',
    options: z.object({}),
    setup: () => ({ rateLimit: (ctx) => void principals.push(ctx.principal) }),
  })
  return { plugin, principals }
}

describe('allowed routes', () => {
  test.each([
    ['llm_api', { '/v1/models': 200, '/key/info': 403, '/team/list': 403, '/health': 403 }, 200],
    ['read_only', { '/v1/models': 200, '/key/info': 200, '/team/list': 200 }, 403],
    ['management', { '/v1/models': 403, '/key/info': 200, '/team/list': 200 }, 403],
    ['default', { '/v1/models': 200, '/key/info': 200 }, 200],
  ])('a key of the type %s', async (key_type, routes, call) => {
    const { mint, read, chat } = await keyGateway()
    const { key } = await mint({ key_type, user_id: 'u' })
    for (const [path, status] of Object.entries(routes)) {
      expect({ path, status: (await read(path, key)).status }).toEqual({ path, status })
    }
    expect((await chat(key)).status).toBe(call)
  })

  test('exact paths and patterns, with and without /v1', async () => {
    const { mint, ask, chat, read } = await keyGateway()
    const { key } = await mint({ allowed_routes: ['/v1/chat/completions', '/files/*'] })
    expect((await chat(key)).status).toBe(200)
    for (const path of ['/chat/completions', '/engines/small/chat/completions']) {
      expect(
        (await ask('POST', path, { model: 'small', messages: [{ role: 'user', content: 'x' }] }, { key })).status,
      ).toBe(200)
    }
    const refused = await ask('POST', '/v1/embeddings', { model: 'small', input: 'x' }, { key })
    expect(refused).toMatchObject({ status: 403, error: { code: 'route_not_allowed', type: 'permission_error' } })
    expect((await read('/v1/models', key)).status).toBe(403)
    // Allowed, and then there is no deployment that could serve it.
    expect((await read('/v1/files/f', key)).error!.code).not.toBe('route_not_allowed')
    for (const path of ['/v1/files/..%2f..%2fmoderations', '/v1/files/%2e%2e%2fmoderations', '/v1/files%2fx']) {
      expect({ path, code: (await read(path, key)).error!.code }).toEqual({ path, code: 'route_not_allowed' })
    }
  })
})

describe('what every call must have', () => {
  test('the parameters of the key', async () => {
    const { mint, chat } = await keyGateway()
    const { key } = await mint({ enforced_params: ['user', 'metadata.team'] })
    expect(await chat(key)).toMatchObject({ status: 400, error: { param: 'user', type: 'bad_request_error' } })
    expect(await chat(key, { user: 'u' })).toMatchObject({ status: 400, error: { param: 'metadata.team' } })
    expect((await chat(key, { user: 'u', metadata: { team: 'x' } })).status).toBe(200)
    const listed = await mint({ metadata: { enforced_params: ['seed'] } })
    expect(await chat(listed.key)).toMatchObject({ status: 400, error: { param: 'seed' } })
  })

  test('an end user and parameters, by option; never the master key', async () => {
    const options = { enforceUser: true, enforcedParams: ['seed'] }
    const { mint, chat, read } = await keyGateway({ plugins: { 'virtual-keys': options } })
    const { key } = await mint()
    expect(await chat(key)).toMatchObject({ status: 400, error: { param: 'user' } })
    expect(await chat(key, {}, { 'x-litellm-end-user-id': 'u' })).toMatchObject({
      status: 400,
      error: { param: 'seed' },
    })
    expect((await chat(key, { seed: 0 }, { 'x-litellm-end-user-id': 'u' })).status).toBe(200)
    expect((await chat(MASTER)).status).toBe(200)
    expect((await read('/v1/models', key)).status).toBe(200)
  })

  test('no tags of its own, by option', async () => {
    const { mint, chat } = await keyGateway({ plugins: { 'virtual-keys': { rejectTags: true } } })
    const { key } = await mint({ tags: ['house'] })
    for (const answer of [
      await chat(key, { tags: ['x'] }),
      await chat(key, { metadata: { tags: ['x'] } }),
      await chat(key, { litellm_metadata: { tags: ['x'] } }),
      await chat(key, {}, { 'x-litellm-tags': 'x' }),
    ]) {
      expect(answer).toMatchObject({ status: 400, error: { param: 'metadata.tags', type: 'bad_request_error' } })
    }
    expect((await chat(key)).status).toBe(200)
  })

  test('LiteLLM’s settings are these options', async () => {
    const { default: definition } = await import('../../../plugins/virtual-keys/index.ts')
    expect(definition.litellm).toMatchObject({
      'general_settings.enforce_user_param': 'enforceUser',
      'litellm_settings.max_end_user_budget_id': 'endUserBudget',
      'general_settings.litellm_key_header_name': 'keyHeader',
    })
  })
})

describe('end users', () => {
  test('with a document keep its limits and budgets, by every way to name them', async () => {
    const { plugin, principals } = watchPrincipals()
    const { mint, chat, post } = await keyGateway({ use: [plugin] })
    await post('/customer/new', { user_id: 'c', max_budget: 3, rpm_limit: 5, alias: 'Customer' })
    const { key } = await mint()
    await chat(key, { user: 'c' })
    await chat(key, {}, { 'x-litellm-user-id': 'c' })
    await chat(key, { user: 'other' }, { 'x-litellm-customer-id': 'c' })
    await chat(key, { user: 'other' })
    const [first, second, third, fourth] = principals
    expect(first).toMatchObject({ endUser: 'c' })
    expect(first!.scopes!.at(-1)).toEqual({
      kind: 'end_user',
      id: 'c',
      name: 'Customer',
      limits: { rpm: 5 },
      budgets: [{ id: 'total', max: 3_000_000_000 }],
    })
    expect(second).toBe(first)
    expect(third).toBe(first)
    expect(fourth!.scopes!.map(({ kind }) => kind)).toEqual(['key'])
    expect(fourth!.endUser).toBeUndefined()
  })

  test('that are blocked are refused', async () => {
    const { mint, chat, post } = await keyGateway()
    await post('/customer/new', { user_id: 'c' })
    await post('/customer/block', { user_ids: ['c'] })
    const { key } = await mint()
    expect(await chat(key, { user: 'c' })).toMatchObject({ status: 403, error: { code: 'end_user_blocked' } })
    await post('/customer/unblock', { user_ids: ['c'] })
    expect((await chat(key, { user: 'c' })).status).toBe(200)
  })

  test('without a document have the default budget', async () => {
    const { plugin, principals } = watchPrincipals()
    const { mint, chat, post } = await keyGateway({
      use: [plugin],
      plugins: { 'virtual-keys': { endUserBudget: 'free' } },
    })
    await post('/budget/new', { budget_id: 'free', max_budget: 1, budget_duration: '1d' })
    await post('/customer/new', { user_id: 'own', max_budget: 9 })
    const { key } = await mint()
    for (const user of ['a', 'b', 'own', 'a']) await chat(key, { user })
    const last = principals.map((principal) => principal!.scopes!.at(-1)!)
    const daily = [{ id: '1d', max: 1_000_000_000, window: '1d' }]
    expect(last[0]).toMatchObject({ kind: 'end_user', id: 'a', budgets: daily })
    expect(last[1]).toMatchObject({ kind: 'end_user', id: 'b', budgets: daily })
    expect(last[2]).toMatchObject({ kind: 'end_user', id: 'own', budgets: [{ id: 'total', max: 9_000_000_000 }] })
    expect(last[3]).toBe(last[0])
    expect(principals[3]).toBe(principals[0])
  })
})

describe('claims', () => {
  test('a team: only by a key without one, of a user who is a member of it', async () => {
    const { plugin, principals } = watchPrincipals()
    const { mint, chat, post } = await keyGateway({ use: [plugin] })
    await post('/team/new', {
      team_id: 'mine',
      models: ['small'],
      members_with_roles: [{ user_id: 'u', role: 'user' }],
    })
    await post('/team/new', { team_id: 'theirs' })
    const own = await mint({ user_id: 'u', rpm_limit: 3 })
    const bound = await mint({ user_id: 'u', team_id: 'theirs' })
    const plain = await mint()
    const as = (key: string, team: string, body = {}) => chat(key, body, { 'x-litellm-team-id': team })
    const refused = { status: 403, error: { code: 'team_not_allowed' } }
    expect((await as(own.key, 'mine')).status).toBe(200)
    expect(principals[0]).toMatchObject({ team: 'mine', user: 'u' })
    expect(principals[0]!.scopes!.map(({ kind, id }) => [kind, id])).toEqual([
      ['key', own.token],
      ['team', 'mine'],
      ['team_member', 'mine/u'],
      ['user', 'u'],
    ])
    expect(await as(own.key, 'mine', { model: 'large' })).toMatchObject({
      status: 403,
      error: { type: 'team_model_access_denied' },
    })
    expect(await as(own.key, 'theirs')).toMatchObject(refused)
    expect(await as(own.key, 'nowhere')).toMatchObject(refused)
    expect(await as(bound.key, 'mine')).toMatchObject(refused)
    expect((await as(bound.key, 'theirs')).status).toBe(200)
    expect(await as(plain.key, 'mine')).toMatchObject(refused)
    await post('/team/block', { team_id: 'mine' })
    expect(await as(own.key, 'mine')).toMatchObject({ status: 401, error: { type: 'auth_error' } })
    expect((await chat(own.key)).status).toBe(200)
  })

  test('an identity in metadata reaches nobody', async () => {
    const { plugin, principals } = watchPrincipals()
    const upstream = await startUpstream(() => chatAnswer)
    onTestFinished(() => upstream.close())
    const models = [{ name: 'small', model: 'openai/x', baseURL: upstream.url, apiKey: 'none' }]
    const { mint, chat } = await keyGateway({ models, use: [plugin] })
    const { key, token } = await mint()
    const claims = { user_api_key_user_id: 'admin', user_api_key_team_id: 't', user_api_key: 'x' }
    const answer = await chat(key, { metadata: { ...claims, kept: 'yes' }, litellm_metadata: claims })
    expect(answer.status).toBe(200)
    expect(upstream.seen[0]!.body).not.toHaveProperty('litellm_metadata')
    expect(upstream.seen[0]!.body['metadata']).toEqual({ kept: 'yes' })
    expect(principals[0]).toMatchObject({ id: token, role: 'user', user: undefined, team: undefined })
  })
})

test('what answers come to, as a field of the key, is what its limits reserve', async () => {
  const { mint, chat, post } = await keyGateway()
  const stated = { default_estimated_output_tokens: 500, default_estimated_output_tokens_per_model: { large: 700 } }
  const made = await mint({ tpm_limit: 600, ...stated })
  expect(made).toMatchObject(stated)
  expect(made).not.toHaveProperty('unsupported_params')
  expect((await chat(made.key)).status).toBe(200)
  expect((await chat(made.key, { model: 'large' })).error!.message).toMatch(/^Request too large/)
  await post('/key/update', { key: made.key, default_estimated_output_tokens: 900 })
  expect((await chat(made.key)).error!.message).toMatch(/^Request too large/)
  expect((await post('/key/generate', { default_estimated_output_tokens: 'many' })).error!.param).toBe(
    'default_estimated_output_tokens',
  )
})

test('a group of routes admits no call that only looks like one of them', async () => {
  const { mint, ask } = await keyGateway()
  const refused = { status: 403, error: { code: 'route_not_allowed' } }
  const { key: reader } = await mint({ key_type: 'read_only' })
  const { key: manager } = await mint({ key_type: 'management' })
  const headers = { 'x-litellm-model': 'small' }
  // No route of the gateway: passed through, it would delete a model at the provider.
  expect(await ask('DELETE', '/v1/models/ft:mine', undefined, { key: reader, headers })).toMatchObject(refused)
  expect(await ask('POST', '/v1/key/anything', {}, { key: manager, headers })).toMatchObject(refused)
  expect((await ask('GET', '/v1/models', undefined, { key: reader })).status).toBe(200)
})
