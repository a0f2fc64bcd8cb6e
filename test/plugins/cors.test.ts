import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instantMock, serveGateway } from '../support/serve.ts'
import type { Served } from '../support/serve.ts'

const key = 'sk-cors-test'
const origin = 'https://app.example.com'
let served: Served

beforeAll(async () => {
  const plugins = { ...instantMock.plugins, 'master-key': { key }, cors: { origins: [origin] } }
  served = await serveGateway({ ...instantMock, plugins })
})
afterAll(() => served.close())

const post = (headers: Record<string, string>, stream = false) =>
  fetch(`${served.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({ model: 'mock/echo', stream, messages: [{ role: 'user', content: 'Hello' }] }),
  })

describe('cors', () => {
  it('answers a preflight of an allowed origin', async () => {
    const response = await fetch(`${served.url}/v1/chat/completions`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization')
  })

  it('marks answers, streams and errors', async () => {
    const whole = await post({ origin })
    expect(whole.headers.get('access-control-allow-origin')).toBe(origin)
    expect(whole.headers.get('vary')).toBe('origin')
    const stream = await post({ origin }, true)
    expect(stream.headers.get('access-control-allow-origin')).toBe(origin)
    expect(await stream.text()).toContain('data: [DONE]')
    const refused = await post({ origin, authorization: 'Bearer wrong' })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('access-control-allow-origin')).toBe(origin)
  })

  it('leaves other origins without the header', async () => {
    const response = await post({ origin: 'https://evil.example' })
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  })
})
