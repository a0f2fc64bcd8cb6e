import { expect, it, onTestFinished } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'

async function setup() {
  const asked: string[] = []
  const upstream = await startUpstream((call, response) => {
    asked.push(call.path)
    sendJson(response, { type: call.headers['content-type'], text: call.text })
  })
  const gateway = await createGateway(
    {
      models: ['small', 'large'].map((name) => ({
        name,
        model: `openai/${name}`,
        baseURL: `${upstream.url}/v1`,
        apiKey: 'x',
      })),
      plugins: { 'master-key': { key: 'sk-master-0123456789' } },
    },
    { env: {} },
  )
  onTestFinished(() => gateway.close())
  const post = async (
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
    key = 'sk-master-0123456789',
  ) => {
    const init = { method: 'POST', headers: { authorization: `Bearer ${key}`, ...headers }, body }
    const answer = await gateway.fetch(`http://gateway${path}`, init)
    return { status: answer.status, body: (await answer.json()) as Record<string, string> }
  }
  const json = { 'content-type': 'application/json' }
  const { body } = await post('/key/generate', JSON.stringify({ models: ['small'] }), json)
  return { post, asked, key: body['key']! }
}

it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream', ''])(
  'reads the model of an object that is sent as %j',
  async (type) => {
    const { post, key } = await setup()
    const headers = type ? { 'content-type': type } : {}
    const text = (model: string) => new TextEncoder().encode(` \n{"model":"${model}","input":"Hi"}`)
    const refused = await post('/v1/responses', text('large'), headers, key)
    expect([refused.status, refused.body['error']]).toMatchObject([403, { code: 'model_access_denied' }])
    const sent = await post('/v1/responses', text('large'), { ...headers, 'x-litellm-model': 'small' }, key)
    expect(JSON.parse(sent.body['text']!)).toEqual({ model: 'small', input: 'Hi' })
    const broken = new TextEncoder().encode('{"model":"large"} and more')
    const answer = await post('/v1/responses', broken, { ...headers, 'x-litellm-model': 'small' }, key)
    expect([answer.status, answer.body['error']]).toMatchObject([400, { code: 'invalid_json' }])
    const lenient = new TextEncoder().encode('{"model":"large","x":NaN}\n{}')
    const other = await post('/v1/responses', lenient, { ...headers, 'x-litellm-model': 'small' }, key)
    expect([other.status, other.body['error']]).toMatchObject([400, { code: 'invalid_json' }])
  },
)

it('leaves other bytes as they are', async () => {
  const { post, key } = await setup()
  const headers = { 'content-type': 'text/plain', 'x-litellm-model': 'small' }
  for (const text of ['model: large', '["model"]', ' ', '{"model":"large"}\n{"model":"large"}\n']) {
    expect(await post('/v1/uploads', text, headers, key)).toEqual({ status: 200, body: { type: 'text/plain', text } })
  }
})

it('refuses what only some would read as JSON or as the model', async () => {
  const { post, key } = await setup()
  const headers = { 'content-type': 'application/octet-stream', 'x-litellm-model': 'small' }
  const text = ' {"model":"large"}'
  const wide = (unit: number, big: boolean, marked: boolean) => {
    const units = [...(marked ? [0xfeff] : []), ...Array.from(text, (char) => char.charCodeAt(0))]
    const view = new DataView(new ArrayBuffer(units.length * unit))
    units.forEach((code, i) => (unit === 2 ? view.setUint16(i * 2, code, !big) : view.setUint32(i * 4, code, !big)))
    return new Uint8Array(view.buffer)
  }
  for (const unit of [2, 4]) {
    for (const big of [true, false]) {
      for (const marked of [true, false]) {
        const answer = await post('/v1/responses', wide(unit, big, marked), headers, key)
        expect([unit, big, marked, answer.status]).toEqual([unit, big, marked, 400])
      }
    }
  }
  const marked = await post('/v1/responses', new TextEncoder().encode(`\ufeff${text}`), headers, key)
  expect(JSON.parse(marked.body['text']!)).toEqual({ model: 'small' })
  const binary = new Uint8Array([0, 0, 0, 32, 102, 123, 0])
  expect((await post('/v1/uploads', binary, headers, key)).status).toBe(200)
  const json = { 'content-type': 'application/json' }
  const message = { messages: [{ role: 'user', content: 'Hi' }] }
  for (const path of ['/v1/responses', '/v1/chat/completions']) {
    const answer = await post(path, JSON.stringify({ model: 'small', MODEL: 'large', ...message }), json, key)
    expect([answer.status, answer.body['error']]).toMatchObject([400, { param: 'MODEL' }])
  }
})

it('sends no model of the query beside one of the path', async () => {
  const { post, key, asked } = await setup()
  const body = new TextEncoder().encode('{"input":"Hi"}')
  const json = { 'content-type': 'application/json' }
  for (const prefix of ['/v1/engines', '/openai/deployments'])
    expect((await post(`${prefix}/small/responses?model=large&x=1`, body, json, key)).status).toBe(200)
  expect(asked.map((path) => path.slice(path.indexOf('?')))).toEqual(['?x=1', '?x=1'])
})
