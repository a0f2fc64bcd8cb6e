import { describe, expect, it } from 'vitest'
import { ask, chat } from './support.ts'

const messages = [{ role: 'user', content: 'Hello there' }]

describe('failures on demand', () => {
  it.each([
    [400, 'invalid_request_error', null],
    [401, 'authentication_error', 'invalid_api_key'],
    [403, 'permission_error', 'permission_denied'],
    [404, 'invalid_request_error', 'model_not_found'],
    [429, 'rate_limit_error', 'rate_limit_exceeded'],
    [500, 'api_error', 'server_error'],
    [503, 'overloaded_error', 'overloaded'],
    [529, 'overloaded_error', null],
    [599, 'api_error', null],
  ])('error-%i', async (status, type, code) => {
    expect(await chat(`mock/error-${status}`)).toEqual({
      status,
      error: { message: `The mock failed with status ${status}, as it was asked to.`, type, param: null, code },
    })
  })

  it('says when to come back', async () => {
    const retryAfter = async (model: string) => (await ask({ model, messages })).headers.get('retry-after')
    expect(await retryAfter('error-429')).toBe('1')
    expect(await retryAfter('error-503')).toBe('1')
    expect(await retryAfter('error-500')).toBeNull()
  })

  it('knows no other status', async () => {
    for (const model of ['error-200', 'error-399', 'error-600', 'error-4290']) {
      expect(await chat(`mock/${model}`)).toMatchObject({ status: 200 })
    }
  })

  it('context-window and content-policy have the codes that fallbacks look for', async () => {
    expect(await chat('mock/context-window')).toMatchObject({
      status: 400,
      error: { type: 'invalid_request_error', code: 'context_length_exceeded', param: 'messages' },
    })
    expect(await chat('mock/content-policy')).toMatchObject({
      status: 400,
      error: { type: 'invalid_request_error', code: 'content_policy_violation', param: null },
    })
  })

  it('html-error is a page', async () => {
    const response = await ask({ model: 'html-error', messages })
    expect(response.status).toBe(502)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await response.text()).toMatch(/^<!doctype html>/)
  })

  it.each([
    [false, 'application/json'],
    [true, 'text/event-stream; charset=utf-8'],
  ])('empty has no body (stream: %s)', async (stream, type) => {
    const response = await ask({ model: 'empty', messages, stream })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(type)
    expect(await response.text()).toBe('')
  })

  it('error-midstream breaks after a few chunks', async () => {
    const response = await ask({ model: 'error-midstream', messages, stream: true })
    expect(response.status).toBe(200)
    const reader = response.body!.getReader()
    const chunks: string[] = []
    const reading = (async () => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return 'ended'
        chunks.push(new TextDecoder().decode(value))
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(chunks).toHaveLength(3)
    expect(chunks[0]).toContain('"role":"assistant"')
    expect(chunks[2]).toContain('"content":" said"')
  })

  it('error-midstream breaks a whole answer too', async () => {
    const response = await ask({ model: 'error-midstream', messages })
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  it('works on every path', async () => {
    const response = await ask({ model: 'error-401', input: 'a' }, { path: '/embeddings' })
    expect(response.status).toBe(401)
    expect((await ask({ model: 'mock', input: '[mock:error-500]' }, { path: '/embeddings' })).status).toBe(500)
    expect((await ask({ model: 'mock', prompt: '[mock:error-500]' }, { path: '/completions' })).status).toBe(500)
  })
})
