import { AzureOpenAI } from 'openai'
import { describe, expect, onTestFinished, test } from 'vitest'
import { matchEndpoint } from '../../src/endpoints.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'
import { MASTER, keyGateway } from './virtual-keys/keys-support.ts'

/** A gateway whose other paths go to an upstream, as Azure's resource or as OpenAI's API. */
async function start(provider: 'azure' | 'openai' = 'azure') {
  const upstream = await startUpstream((call, response) => sendJson(response, { id: call.path, data: [] }))
  const options = { apiKey: 'sk-upstream-0123456789', baseURL: `${upstream.url}${provider === 'azure' ? '' : '/v1'}` }
  const keys = await keyGateway({
    models: [
      { name: 'small', model: `${provider}/small`, ...options },
      { name: 'large', model: `${provider}/large`, ...options },
    ],
    passThrough: { default: 'small' },
  })
  onTestFinished(() => upstream.close())
  const client = (apiKey = MASTER, baseURL?: string) =>
    new AzureOpenAI({
      apiKey,
      apiVersion: '2099-01-01',
      maxRetries: 0,
      ...(baseURL ? { baseURL } : { endpoint: 'http://gateway' }),
      fetch: (input, init) => keys.gateway.fetch(input as string, init as RequestInit),
    })
  return { ...keys, upstream, client, sent: () => upstream.requests.map(({ path }) => path) }
}

test('an endpoint below /openai is that without it', () => {
  for (const path of [
    '/files',
    '/files/f/content',
    '/responses',
    '/v1/responses',
    '/v1/anything/else',
    '/chat/completions',
    '/v1/embeddings',
    '/v1/engines/a/b/chat/completions',
    '/nowhere',
    '/models',
    '/key/generate',
    '/v1',
    '/',
    '',
  ]) {
    expect({ path, found: matchEndpoint(`/openai${path}`) }).toEqual({ path, found: matchEndpoint(path) })
    expect(matchEndpoint(`/openai/openai${path}`)).toBeUndefined()
  }
  expect(matchEndpoint('/openaiv1/files')).toBeUndefined()
})

describe('Azure’s client', () => {
  test('lists and reads models, as far as its key may', async () => {
    const { client, mint } = await start()
    const ids = async (key?: string, base?: string) => (await client(key, base).models.list()).data.map(({ id }) => id)
    expect(await ids()).toEqual(['small', 'large'])
    const { key } = await mint({ models: ['small'] })
    expect(await ids(key)).toEqual(['small'])
    expect(await ids(key, 'http://gateway/openai/v1')).toEqual(['small'])
    expect((await client(key).models.retrieve('small')).id).toBe('small')
    await expect(client(key).models.retrieve('large')).rejects.toMatchObject({ status: 404 })
    await expect(client('sk-nobody-0123456789').models.list()).rejects.toMatchObject({ status: 401 })
  })

  test('reaches responses and files, with one version in the address: the deployment’s', async () => {
    const { client, sent } = await start()
    await client().responses.create({ model: 'large', input: 'Hi' })
    await client().files.list({ limit: 5 })
    await client(MASTER, 'http://gateway/openai/v1').files.retrieve('f')
    expect(sent()).toEqual([
      '/openai/responses?api-version=2024-10-21',
      expect.stringMatching(/^\/openai\/files\?(limit=5&api-version=2024-10-21|api-version=2024-10-21&limit=5)$/),
      '/openai/files/f?api-version=2024-10-21',
    ])
  })

  test('an API that is not Azure’s is asked at its own paths', async () => {
    const { ask, sent } = await start('openai')
    const messages = [{ role: 'user', content: 'Hi' }]
    await ask('POST', '/openai/v1/chat/completions', { model: 'large', messages })
    await ask('POST', '/openai/responses', { model: 'large', input: 'Hi' })
    await ask('GET', '/openai/v1/files')
    expect(sent()).toEqual(['/v1/chat/completions', '/v1/responses', '/v1/files'])
  })
})

describe('permissions hold below /openai as below /v1', () => {
  const calls: [string, string, object | undefined][] = [
    ['GET', '/models', undefined],
    ['GET', '/models/small', undefined],
    ['POST', '/models', {}],
    ['DELETE', '/models/small', undefined],
    ['POST', '/chat/completions', { model: 'small', messages: [{ role: 'user', content: 'Hi' }] }],
    ['POST', '/chat/completions', { model: 'large', messages: [{ role: 'user', content: 'Hi' }] }],
    ['POST', '/engines/large/chat/completions', { model: 'small', messages: [{ role: 'user', content: 'Hi' }] }],
    ['POST', '/embeddings', { model: 'small', input: 'Hi' }],
    ['POST', '/responses', { model: 'small', input: 'Hi' }],
    ['POST', '/responses', { model: 'large', input: 'Hi' }],
    ['GET', '/files', undefined],
    ['GET', '/files/f/content', undefined],
    ['GET', '/files/..%2fmodels', undefined],
    ['GET', '/openai/models', undefined],
    ['GET', '/openai/files', undefined],
    ['POST', '/key/generate', {}],
    ['GET', '/key/info', undefined],
  ]
  test.each<Record<string, unknown>>([
    {},
    { models: ['small'] },
    { key_type: 'llm_api' },
    { key_type: 'management' },
    { key_type: 'read_only' },
    { allowed_routes: ['openai_routes'] },
    { allowed_routes: ['info_routes'] },
    { allowed_routes: ['/v1/models'] },
    { allowed_routes: ['/models/*'] },
    { allowed_routes: ['/files'] },
    { allowed_routes: ['/v1/files/*', '/responses'] },
    { allowed_routes: ['/chat/completions'], models: ['small'] },
  ])('%j', async (rights) => {
    const { ask, mint, upstream } = await start()
    const { key } = await mint(rights)
    for (const [method, path, body] of calls) {
      const outcome = async (prefix: string) => {
        const before = upstream.requests.length
        const { status, error } = await ask(method, prefix + path, body as never, { key })
        return {
          call: `${method} ${path}`,
          status,
          code: error?.code,
          sent: upstream.requests.slice(before).map((each) => each.path),
        }
      }
      expect(await outcome('/openai/v1')).toEqual(await outcome('/v1'))
    }
    for (const [method, path, body] of calls) {
      // Management is not served there.
      if (path.startsWith('/openai') || path.startsWith('/key')) continue
      const outcome = async (prefix: string) => (await ask(method, prefix + path, body as never, { key })).error?.code
      expect({ path, code: await outcome('/openai') }).toEqual({ path, code: await outcome('') })
    }
  })
})
