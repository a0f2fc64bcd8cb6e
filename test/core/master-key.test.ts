import { describe, expect, onTestFinished, test } from 'vitest'
import { createGateway, defineProvider, presentedKey, z } from '../../src/index.ts'
import { checkHost } from '../../src/server/serve.ts'
import { postRaw, errorOf } from '../support/raw.ts'
import { serveGateway } from '../support/serve.ts'

const key = 'sk-master-0123456789'
const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })

const answers = defineProvider({
  name: 'answers',
  options: z.object({}),
  setup: () => ({
    endpoints: { 'openai.chat': { encode: () => ({ url: 'answers://', headers: {} }) } },
    respond: () => Response.json({ id: 'x', choices: [] }),
  }),
})

const config = (masterKey: unknown) => ({
  models: [{ name: 'm', model: 'answers/m' }],
  use: [answers],
  plugins: { 'master-key': masterKey as Record<string, never> },
})

async function start(masterKey: unknown = { key }, env: Record<string, string> = {}) {
  const gateway = await createGateway(config(masterKey), { env })
  onTestFinished(() => gateway.close())
  const ask = async (headers: Record<string, string>) => {
    const response = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', headers, body })
    const { error } = (await response.json()) as { error?: { type: string; code: string; message: string } }
    return {
      status: response.status,
      code: error?.code,
      type: error?.type,
      message: error?.message,
      headers: response.headers,
    }
  }
  return { gateway, ask }
}

describe('with a key', () => {
  test.each([
    { authorization: `Bearer ${key}` },
    { authorization: `bearer   ${key} ` },
    { 'x-api-key': key },
    { 'api-key': key },
    { 'x-goog-api-key': key },
    { 'x-litellm-api-key': key },
    { 'x-litellm-api-key': `Bearer ${key}` },
    { authorization: `Basic ${btoa('a:b')}`, 'x-api-key': key },
    { authorization: '', 'x-api-key': key },
  ])('%j is admitted', async (headers) => {
    const { ask } = await start()
    expect((await ask(headers as Record<string, string>)).status).toBe(200)
  })

  test.each([
    [{}, 'No API key given'],
    [{ authorization: '' }, 'No API key given'],
    [{ authorization: `Basic ${btoa(`:${key}`)}` }, 'No API key given'],
    [{ authorization: key }, 'No API key given'],
    [{ authorization: `Bearer ${key}x` }, 'Invalid API key'],
    [{ authorization: `Bearer ${key.slice(0, -1)}` }, 'Invalid API key'],
    [{ authorization: `Bearer ${key.toUpperCase()}` }, 'Invalid API key'],
    [{ authorization: `Bearer ${key} ${key}` }, 'Invalid API key'],
    [{ 'x-api-key': '' }, 'Invalid API key'],
    [{ 'x-api-key': 'undefined' }, 'Invalid API key'],
    [{ authorization: 'Bearer wrong-key', 'x-api-key': key }, 'Invalid API key'],
    [{ cookie: `key=${key}` }, 'No API key given'],
  ])('%j is a 401', async (headers, message) => {
    const { ask } = await start()
    const answer = await ask(headers as Record<string, string>)
    expect(answer).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'invalid_request_error' })
    expect(answer.message).toContain(message)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  test('nothing else of the request matters: pages of other origins may call with the key', async () => {
    const { ask } = await start()
    expect(
      (await ask({ 'x-api-key': key, origin: 'https://app.example', 'sec-fetch-site': 'cross-site' })).status,
    ).toBe(200)
  })

  test('the server may bind anywhere', async () => {
    const { gateway } = await start()
    expect(gateway.authenticated).toBe(true)
    expect(() => checkHost('0.0.0.0', true)).not.toThrow()
  })

  test.each(['GATEWAY_MASTER_KEY', 'LITELLM_MASTER_KEY'])('from %s', async (name) => {
    const { ask } = await start({}, { [name]: key })
    expect((await ask({ 'x-api-key': key })).status).toBe(200)
    expect((await ask({})).status).toBe(401)
  })

  test('that is too short stops the start', async () => {
    await expect(start({ key: 'short' })).rejects.toThrow('plugins.master-key.key')
  })
})

describe('without a key, programs on this machine only', () => {
  test.each([
    {},
    { authorization: 'Bearer anything' },
    { origin: 'http://localhost:3000' },
    { origin: 'http://127.0.0.1' },
    { origin: 'http://[::1]:8080' },
    { origin: 'http://app.localhost' },
    { 'sec-fetch-site': 'same-origin' },
  ])('%j is admitted', async (headers) => {
    const { ask } = await start({})
    expect((await ask(headers as Record<string, string>)).status).toBe(200)
  })

  test.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost.evil.example' },
    { origin: 'http://127.0.0.1.evil.example' },
    { origin: 'http://evil.example#localhost' },
    { origin: 'http://localhost:80@evil.example' },
    { origin: 'http://1270.0.0.1' },
    { 'sec-fetch-site': 'cross-site' },
  ])('%j is a 403', async (headers) => {
    const { ask } = await start({})
    expect(await ask(headers as Record<string, string>)).toMatchObject({ status: 403, code: 'local_only' })
  })

  test('over a socket the Host must be this machine, as a page could make its own name lead here', async () => {
    const served = await serveGateway(config({}))
    onTestFinished(() => served.close())
    const port = Number(new URL(served.url).port)
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      'LOCALHOST',
      '[::1]',
      'gateway.localhost',
      '127.8.9.1',
    ]) {
      expect((await postRaw(port, body, { headers: { host } })).status, host).toBe(200)
    }
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '10.0.0.1',
      '127.0.0.1.evil.example',
      '',
    ]) {
      const answer = await postRaw(port, body, { headers: { host } })
      expect(answer.status, host).toBe(403)
      expect(errorOf(answer)).toMatchObject({ code: 'local_only' })
    }
  })

  test('the server binds to loopback only, and says what to do', async () => {
    const { gateway } = await start({})
    expect(gateway.authenticated).toBe(false)
    for (const host of ['127.0.0.1', 'localhost', '::1', '127.1.2.3'])
      expect(() => checkHost(host, false)).not.toThrow()
    for (const host of ['0.0.0.0', '::', '192.168.1.2', 'gateway.example']) {
      expect(() => checkHost(host, false)).toThrow(/GATEWAY_MASTER_KEY.*--host 127\.0\.0\.1/s)
    }
  })
})

test('the key a caller presents: the first header that has one', () => {
  const presented = (headers: Record<string, string>) => presentedKey(new Headers(headers))
  expect(presented({ authorization: 'Bearer a', 'x-api-key': 'b', 'api-key': 'c' })).toBe('a')
  expect(presented({ 'x-api-key': 'b', 'api-key': 'c' })).toBe('b')
  expect(presented({ 'api-key': 'c', 'x-goog-api-key': 'd' })).toBe('c')
  expect(presented({ 'x-goog-api-key': 'd', 'x-litellm-api-key': 'e' })).toBe('d')
  expect(presented({})).toBeUndefined()
})
