import { expect, test } from 'vitest'
import { definePlugin, GatewayError, z } from '../../src/index.ts'
import { countedGateway } from '../support/counted-gateway.ts'
import { flakyGateway, flakyModels } from '../support/flaky.ts'
import { sendRaw } from '../support/raw.ts'

const counted = countedGateway()
const models = flakyModels({ m: ['a', 'b'], n: ['c'] })
const NAMES = ['call-id', 'version', 'response-duration-ms', 'overhead-duration-ms']
const own = (headers: Headers) => NAMES.map((name) => headers.get(`x-litellm-${name}`))
const all = [
  expect.stringMatching(/^[\w-]{36}$/),
  expect.stringMatching(/^\d+\.\d+\.\d+/),
  expect.stringMatching(/^\d+\.\d{3}$/),
  expect.stringMatching(/^\d+\.\d{3}$/),
]
const chat = { method: 'POST', body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }) }

test('a failed call says which deployment its error is from, and what was tried', async () => {
  const { ask, gateway } = await flakyGateway(
    { models, plugins: { retry: { retries: 1, minDelay: 0 }, fallback: { fallbacks: [{ m: ['n'] }] } } },
    { a: [500], b: [503], c: [500] },
  )
  const answer = await ask('m')
  const second = gateway.deployments.find(({ model }) => model === 'b')!
  expect(answer.text).toContain('b failed')
  expect(answer.headers.get('x-litellm-model-id')).toBe(second.id)
  expect(answer.headers.get('x-litellm-model-group')).toBe('m')
  expect(answer.headers.get('x-litellm-attempted-retries')).toBe('3')
  expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('1')
})

test('so does one that failed at the first attempt, or before it', async () => {
  const { ask, gateway } = await flakyGateway({ models: models.slice(0, 1) }, { a: [400] })
  const { id } = gateway.deployments[0]!
  const answer = await ask('m')
  expect([answer.status, answer.headers.get('x-litellm-model-id')]).toEqual([400, id])
  expect(answer.headers.get('x-litellm-attempted-retries')).toBeNull()
  const unserved = await gateway.fetch('http://gateway/v1/embeddings', {
    method: 'POST',
    body: JSON.stringify({ model: 'm', input: 'Hi' }),
  })
  expect([unserved.status, unserved.headers.get('x-litellm-model-id')]).toEqual([400, id])
})

test('who is refused does not hear what would have answered', async () => {
  const closed = definePlugin({
    name: 'closed',
    order: 'post',
    options: z.object({}),
    setup: () => ({
      route() {
        throw new GatewayError(403, 'Closed')
      },
    }),
  })
  const { ask } = await flakyGateway({ models, use: [closed] }, {})
  const answer = await ask('m')
  expect([answer.status, answer.headers.get('x-litellm-model-id')]).toEqual([403, null])
  expect(own(answer.headers)).toEqual(all)
})

test.each([
  ['an answer', '/v1/chat/completions', chat, 200],
  ['a body that is no JSON', '/v1/chat/completions', { method: 'POST', body: '{' }, 400],
  ['a missing field', '/v1/chat/completions', { method: 'POST', body: '{"model":"m"}' }, 400],
  ['a wrong method', '/v1/chat/completions', {}, 405],
  ['an unknown model', '/v1/chat/completions', { ...chat, body: chat.body.replace('"m"', '"x"') }, 404],
  ['an unknown path', '/nowhere', {}, 404],
  ['a malformed path', '/%zz', {}, 400],
  ['the start page', '/', {}, 200],
  ['the list of models', '/v1/models', {}, 200],
  ['an unknown model of the list', '/v1/models/nothing', {}, 404],
  ['readiness', '/health/readiness', {}, 200],
  ['a route of management', '/key/generate', { method: 'POST', body: '{"models":3}' }, 400],
])('%s carries id, version and durations', async (_what, path, init, status) => {
  const { gateway } = await flakyGateway({ models, plugins: { 'master-key': { key: 'sk-master-1234' } } }, {})
  const headers = { authorization: 'Bearer sk-master-1234' }
  const answer = await gateway.fetch(`http://gateway${path}`, { ...init, headers })
  expect([answer.status, own(answer.headers)]).toEqual([status, all])
})

test.each([
  ['what is not HTTP', 'GET / HTTP/1.1\r\nhost: a\r\nx-a: 1\n\r\n', 400],
  ['a request without Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['headers that are too long', `GET / HTTP/1.1\r\nhost: a\r\nx-a: ${'a'.repeat(17_000)}\r\n\r\n`, 431],
])('so does %s', async (_what, send, status) => {
  const answer = await sendRaw({ port: counted.port, send })
  expect([answer.status, own(new Headers(answer.headers))]).toEqual([status, all])
})
