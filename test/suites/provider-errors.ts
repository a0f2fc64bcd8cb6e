import { expect, test } from 'vitest'
import { until } from './gateway-under-test.ts'
import { errorOf } from './provider-error-of.ts'
import type { ProviderSuite } from './provider-fixtures.ts'
import { sendJson, withBench } from './provider-bench.ts'

const PAGE =
  '<!DOCTYPE html><html><head><title>Bad gateway</title></head><body>{key}<script>alert(1)</script></body></html>'
/** Rows 9 and 13: what goes wrong upstream, and what must never come out. */
export function testErrors(suite: ProviderSuite): void {
  const table = Object.entries(suite.errors).map(([key, fixture]) => ({
    ...fixture,
    status: Number(key),
    wanted: fixture.status ?? Number(key),
  }))

  test.each(table)('9 $status', ({ status, wanted, body, type, code }) =>
    withBench(suite, {}, async (bench) => {
      for (const stream of [false, true]) {
        bench.handler = (_request, response) => {
          if (status === 429) response.setHeader('retry-after', '7')
          sendJson(response, body.replaceAll('{key}', suite.apiKey), status)
        }
        const response = await bench.post(bench.body({ stream }))
        expect(response.status).toBe(wanted)
        const error = await errorOf(suite, response)
        expect({ type: error.type, code: error.code }).toEqual({ type, code })
        expect(response.headers.get('retry-after')).toBe(status === 429 ? '7' : null)
        expect(response.headers.get('x-ungate-error-origin')).toBe('provider')
      }
      await until('the log records', () => bench.records.length === 2)
      for (const record of bench.records) {
        expect(record).toMatchObject({ status: wanted, aborted: false, error: { type, code } })
        expect(JSON.stringify(record)).not.toContain(suite.apiKey)
      }
    }),
  )

  test.each([
    { name: 'an HTML page', status: 502, type: 'text/html', body: PAGE },
    { name: 'an HTML page', status: 404, type: 'text/html', body: PAGE },
    { name: 'an empty body', status: 500, type: 'application/json', body: '' },
    { name: 'an empty body', status: 401, type: 'text/plain', body: '' },
    { name: 'half a JSON', status: 400, type: 'application/json', body: '{"error":{"message":"cut' },
    {
      name: 'a URL with the key',
      status: 500,
      type: 'text/plain',
      body: 'POST https://upstream.example/v1?key={key} failed',
    },
  ])('9 $status with $name', ({ status, type, body }) =>
    withBench(suite, {}, async (bench) => {
      bench.handler = (_request, response) => {
        response.writeHead(status, { 'content-type': type }).end(body.replaceAll('{key}', suite.apiKey))
      }
      const response = await bench.post(bench.body())
      expect(response.status).toBe(status)
      const error = await errorOf(suite, response)
      expect(error.message).not.toMatch(/<(!doctype|html|script)/i)
    }),
  )

  test.each([
    { name: 'an empty body', body: '' },
    { name: 'an HTML page', body: PAGE },
    { name: 'half a JSON', body: '{"id":"cut' },
  ])('9 200 with $name is a 502', ({ body }) =>
    withBench(suite, {}, async (bench) => {
      bench.handler = (_request, response) => sendJson(response, body)
      const response = await bench.post(bench.body())
      expect(response.status).toBe(502)
      await errorOf(suite, response)
    }),
  )

  if (!suite.sameWire) {
    test.each([
      'null',
      '[]',
      '{}',
      '"text"',
      '7',
      '{"error":"{key}"}',
      '{"choices":null,"content":7,"candidates":[null],"message":[]}',
    ])('9 200 with %s is an answer or an error of the provider, no fault of the gateway', (body) =>
      withBench(suite, {}, async (bench) => {
        bench.handler = (_request, response) => sendJson(response, body.replace('{key}', suite.apiKey))
        const response = await bench.post(bench.body())
        if (response.status === 200) expect(await response.json()).toMatchObject({ object: 'chat.completion' })
        else {
          expect(response.status).toBe(502)
          await errorOf(suite, response)
        }
      }),
    )
  }

  test('9 a redirect is not followed', () =>
    withBench(suite, {}, async (bench) => {
      bench.handler = (_request, response) =>
        response.writeHead(302, { location: `${bench.upstream.url}/elsewhere` }).end()
      const response = await bench.post(bench.body())
      expect(response.status).toBe(502)
      expect(bench.upstream.requests).toHaveLength(1)
    }))

  test('13 credentials come from the options alone, the client’s go nowhere', () =>
    withBench(suite, {}, async (bench) => {
      const canary = 'canary-0123456789abcdef'
      const names = [
        'authorization',
        'cookie',
        'x-api-key',
        'api-key',
        'x-goog-api-key',
        'proxy-authorization',
        'x-litellm-api-key',
      ]
      const others = [
        'openai-organization',
        'openai-project',
        'anthropic-api-key',
        'x-forwarded-authorization',
        'x-anything',
        'referer',
      ]
      const headers = Object.fromEntries(
        [...names, ...others].map((name) => [name, name === 'authorization' ? `Bearer ${canary}` : canary]),
      )
      bench.handler = (_request, response) => {
        response.setHeader('set-cookie', 'session=upstream-cookie')
        sendJson(response, suite.main.answer)
      }
      const response = await bench.post(bench.body(), { headers })
      expect(response.status).toBe(200)
      const { path, headers: sent, body } = bench.upstream.requests[0]!
      expect(JSON.stringify({ path, sent, body })).not.toContain(canary)
      expect(JSON.stringify({ path, sent })).toContain(suite.apiKey)
      expect(body).not.toContain(suite.apiKey)
      expect(JSON.stringify([...response.headers])).not.toContain('upstream-cookie')
      expect(JSON.stringify([...response.headers])).not.toContain(suite.apiKey)
    }))
}
