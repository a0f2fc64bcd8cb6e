import { describe, expect, it, onTestFinished } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { formFields, withFormModel } from '../../src/form.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'

const TYPE = 'application/x-www-form-urlencoded'
const MASTER = 'sk-master-0123456789'
const bytes = (text: string) => new TextEncoder().encode(text)
const fields = (text: string, type = TYPE) => formFields(bytes(text), type, ['model', 'user'])

async function setup() {
  const upstream = await startUpstream((call, response) => sendJson(response, { text: call.text }))
  const models = ['small', 'large'].map((name) => ({
    name,
    model: `openai/real-${name}`,
    baseURL: `${upstream.url}/v1`,
    apiKey: 'x',
  }))
  const gateway = await createGateway({ models, plugins: { 'master-key': { key: MASTER } } }, { env: {} })
  onTestFinished(() => gateway.close())
  const post = async (path: string, body: string, headers: Record<string, string>, key = MASTER) => {
    const init = { method: 'POST', headers: { authorization: `Bearer ${key}`, ...headers }, body }
    const answer = await gateway.fetch(`http://gateway${path}`, init)
    return { status: answer.status, body: (await answer.json()) as Record<string, string> }
  }
  const made = await post('/key/generate', '{"models":["small"]}', { 'content-type': 'application/json' })
  return { post, key: made.body['key']! }
}

describe('a form of names and values', () => {
  it('names the model that is checked and sent', async () => {
    const { post, key } = await setup()
    const type = { 'content-type': `${TYPE}; charset=UTF-8` }
    const refused = await post('/v1/uploads', 'a=1&model=large', type, key)
    expect([refused.status, refused.body['error']]).toMatchObject([403, { code: 'model_access_denied' }])
    const sent = await post('/v1/uploads', 'a=%C3%96+1&%6dodel=small&b=', type, key)
    expect(sent).toEqual({ status: 200, body: { text: 'a=%C3%96+1&model=real-small&b=' } })
    const other = await post('/v1/uploads', 'model=large', { ...type, 'x-litellm-model': 'small' }, key)
    expect(other).toEqual({ status: 200, body: { text: 'model=real-small' } })
    const twice = await post('/v1/uploads', 'model=small&model=large', type, key)
    expect([twice.status, twice.body['error']]).toMatchObject([400, { param: 'model', code: 'invalid_form' }])
    const none = await post('/v1/uploads', 'a;b=%zz', { ...type, 'x-litellm-model': 'small' }, key)
    expect(none.body).toEqual({ text: 'a;b=%zz' })
  })

  it('is read with its end user', () => {
    expect(fields('model=a&user=Ann+%C3%96')).toEqual({ model: 'a', user: 'Ann \u00d6' })
    expect(fields('models=a&x=model')).toEqual({})
    expect(fields('model=a', 'text/plain')).toEqual({})
    expect(new TextDecoder().decode(withFormModel(bytes('x=;&y'), TYPE, 'b'))).toBe('x=;&y')
  })

  it.each([
    'model=a&model=b',
    'model=a;b',
    'x=1;model=a',
    '+model=a',
    'model[]=a',
    'model=a&model[x]=b',
    'user=a;user=b',
  ])('that providers could read in another way is refused: %s', (text) => {
    expect(() => fields(text)).toThrow(expect.objectContaining({ status: 400, code: 'invalid_form' }))
  })
})
