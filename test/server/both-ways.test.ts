import { afterAll, describe, expect, test } from 'vitest'
import { chatAnswer, chatEvents } from '../support/openai-answers.ts'
import { postHead } from '../support/raw.ts'
import { sendEvents, sendJson, startUpstream } from '../support/upstream.ts'
import { scene } from './scene.ts'
import { openLine } from './line.ts'
import type { LineAnswer } from './line.ts'

const upstream = await startUpstream(({ body, path }, response) => {
  if (path === '/files') return sendJson(response, { id: 'file' }, 201, { 'x-request-id': 'r', 'set-cookie': 'a=b' })
  if (path === '/moderations') return response.writeHead(204).end()
  if (path === '/audio/speech')
    return response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(Buffer.from([0, 255, 10, 13]))
  if (body['user'] === 'error')
    return sendJson(response, { error: { message: 'slow down', type: 'x' } }, 429, { 'retry-after': '7' })
  if (body['user'] === 'cut') return response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":')
  if (body['stream'] === true) return sendEvents(response, chatEvents(['Hel', 'lo é']))
  return sendJson(response, chatAnswer('Hello é'), 200, {
    'x-ratelimit-limit-requests': '9',
    connection: 'x-hop',
    'x-hop': '1',
  })
})
afterAll(() => upstream.close())

const key = { apiKey: 'sk-both-ways-0123456789', baseURL: upstream.url }
const at = scene({
  models: [
    { name: 'm', model: 'openai/m', ...key },
    { name: 'a/b', model: 'openai/ab', ...key },
  ],
  plugins: { 'master-key': { key: 'sk-master-0123456789' }, retry: { retries: 0 } },
  limits: { body: 100_000, upload: 100_000, depth: 20 },
})

/** Node's for good, and nothing else: nobody reads it. */
const NODES = { 'proxy-connection': 'keep-alive' }
const AUTH = { authorization: 'Bearer sk-master-0123456789' }
/** Its bytes as Latin-1. */
const chat = (more: object = {}) =>
  Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi é' }], ...more })).toString('latin1')

interface Case {
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  /** Of the answer. */
  readonly status?: number
}

const CASES: Readonly<Record<string, Case>> = {
  'a chat': {},
  'a chat without /v1': { path: '/chat/completions' },
  'a stream': { body: chat({ stream: true }) },
  'a stream with usage': { body: chat({ stream: true, stream_options: { include_usage: true } }) },
  'a provider’s error': { body: chat({ user: 'error' }), status: 429 },
  'a provider’s answer that is cut': { body: chat({ user: 'cut' }), status: 502 },
  'a model in the path': { path: '/engines/m/chat/completions' },
  'a model with a slash in the path': { path: '/openai/deployments/a/b/chat/completions' },
  'a path that is passed through': { path: '/v1/files', headers: { 'x-litellm-model': 'm' }, status: 201 },
  'no content': { path: '/v1/moderations', status: 204 },
  bytes: { path: '/v1/audio/speech' },
  'text for such a path': {
    path: '/v1/files',
    headers: { 'x-litellm-model': 'm', 'content-type': 'text/plain' },
    status: 201,
  },
  'no type': { headers: { 'content-type': '' } },
  'another type': { headers: { 'content-type': 'text/plain' } },
  'a call with a name': { headers: { 'x-litellm-call-id': 'my-call' } },
  'a call with a bad name': { headers: { 'x-litellm-call-id': 'my call' } },
  'headers for the provider': { headers: { 'openai-beta': 'x', 'user-agent': 'test', 'x-forwarded-for': '1.2.3.4' } },
  'headers of the connection': { headers: { connection: 'Keep-Alive', 'keep-alive': 'timeout=9', te: 'trailers' } },
  'another host': { headers: { host: 'a.example:80' } },
  'no host': { headers: { host: '' } },
  'a host that is none': { headers: { host: 'a/../b?c#d@e' } },
  'no key': { headers: { authorization: '' }, status: 401 },
  'a wrong key': { headers: { authorization: 'Bearer sk-wrong' }, status: 401 },
  'an unknown model': { body: chat({ model: 'nobody' }), status: 404 },
  'an empty body': { body: '', status: 400 },
  'no JSON': { body: '{"model"', status: 400 },
  'no object': { body: '[]', status: 400 },
  'no UTF-8': { body: chat({ user: '#' }).replace('#', '\xff'), status: 400 },
  'no messages': { body: '{"model":"m"}', status: 400 },
  'wrong fields': { body: chat({ temperature: 'hot' }), status: 400 },
  'deep JSON': { body: chat({ metadata: JSON.parse('['.repeat(30) + ']'.repeat(30)) as object }), status: 400 },
  'too long': { body: chat({ user: 'x'.repeat(100_000) }), status: 413 },
  'a compressed body': { headers: { 'content-encoding': 'gzip' }, status: 415 },
  identity: { headers: { 'content-encoding': 'identity' } },
  multipart: { headers: { 'content-type': 'multipart/form-data; boundary=x' }, status: 415 },
}

async function ask(
  { path = '/v1/chat/completions', headers, body = chat() }: Case,
  more: Record<string, string>,
): Promise<LineAnswer> {
  const { length } = body
  const head = postHead(path, {
    'content-type': 'application/json',
    'content-length': length,
    ...AUTH,
    ...headers,
    ...more,
  })
  const line = openLine(at.port)
  line.send(head + body)
  const answer = await line.answer()
  line.leave()
  return answer
}

/** Without what differs from call to call. */
function shown({ status, headers, body }: LineAnswer): object {
  const kept = Object.entries(headers).filter(
    ([name]) => !/^date$|-duration-ms$|^llm_provider-date$|^content-length$/.test(name),
  )
  const id = /^[\da-f]{8}-[\da-f-]{27}$/
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, id.test(value) ? 'an id' : value])),
    body: body.replaceAll(/[\da-f]{8}-[\da-f-]{27}/g, 'an id'),
  }
}

describe('a request is answered alike by both of the server’s ways', () => {
  test.each(Object.entries(CASES))('%s', async (_name, one) => {
    const before = upstream.requests.length
    const direct = await ask(one, {})
    const between = upstream.requests.length
    const nodes = await ask(one, NODES)
    expect([direct.direct, nodes.direct]).toEqual([true, false])
    expect(direct.status).toBe(one.status ?? 200)
    expect(shown(direct)).toEqual(shown(nodes))
    // And the provider was asked alike.
    const asked = (from: number, to?: number) =>
      upstream.requests.slice(from, to).map(({ method, path, headers, text }) => ({ method, path, headers, text }))
    expect(asked(before, between)).toEqual(asked(between))
  })
})
