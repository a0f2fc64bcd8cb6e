import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkRequest } from '../../src/check-request.ts'
import { GatewayError } from '../../src/error.ts'
import { chatRequestSchema } from '../../src/schemas.ts'
import { countedGateway } from '../support/counted-gateway.ts'
import { postRaw, sendRaw } from '../support/raw.ts'

const counted = countedGateway()
const url = 'http://gateway/v1/chat/completions'

interface ErrorBody {
  error: { message: string; type: string; code: string | null; param: string | null }
}

/** Asks in process: thousands of cases take seconds. */
async function post(body: Uint8Array | string): Promise<{ status: number; body: ErrorBody }> {
  const response = await counted.served.gateway.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body as string,
  })
  const text = await response.text()
  return { status: response.status, body: (response.ok ? {} : JSON.parse(text)) as ErrorBody }
}

function isValid(text: string): boolean {
  try {
    checkRequest(chatRequestSchema, JSON.parse(text))
    return true
  } catch {
    return false
  }
}

const value = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constantFrom(null, true, 0, -1, 1.5, '', 'm', 'user', [], {}, [[]], [{}], [{ role: 'user', content: 'Hi' }], {
    type: 'text',
  }),
)
const field = fc.constantFrom(
  ...Object.keys(chatRequestSchema.shape),
  'tools',
  'fallbacks',
  'metadata',
  'next_month',
  'drop_params',
  'tags',
  'api_key',
)
const right = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }

describe('whatever is sent, the answer is no 5xx, and what is wrong reaches no upstream', () => {
  test('any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect((await post(bytes)).status).toBe(400)
      }),
      { numRuns: 1000 },
    )
    expect(counted.upstream.requests).toEqual([])
  })

  test('any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 100 }), async (text) => {
        expect((await post(text)).status).toBe(400)
      }),
      { numRuns: 1000 },
    )
    expect(counted.upstream.requests).toEqual([])
  })

  test('any JSON object', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.oneof(field, fc.string()), value, { maxKeys: 6 }), async (body) => {
        const before = counted.upstream.requests.length
        const text = JSON.stringify(body)
        const answer = await post(text)
        expect(answer.status).toBeLessThan(500)
        if (isValid(text)) return
        expect(answer.status).toBe(400)
        expect(answer.body.error).toMatchObject({
          type: 'invalid_request_error',
          param: expect.any(String),
          code: expect.any(String),
        })
        expect(counted.upstream.requests.length).toBe(before)
      }),
      { numRuns: 1500 },
    )
  })

  test('a right body with one field that may be wrong', async () => {
    let wrong = 0
    await fc.assert(
      fc.asyncProperty(field, value, async (name, given) => {
        // Both make the call wait or fail on purpose.
        fc.pre(name !== 'model' && !(name === 'fallbacks' && Array.isArray(given)))
        const before = counted.upstream.requests.length
        const text = JSON.stringify({ ...right, [name]: given })
        const answer = await post(text)
        expect(answer.status).toBeLessThan(500)
        if (isValid(text)) return
        wrong++
        expect(answer.status).toBe(400)
        expect(answer.body.error.param).toMatch(new RegExp(`^${name}`))
        expect(counted.upstream.requests.length).toBe(before)
      }),
      { numRuns: 1500 },
    )
    expect(wrong).toBeGreaterThan(300)
  })

  test('a right body with one byte changed, left out or doubled', async () => {
    const bytes = new TextEncoder().encode(JSON.stringify({ ...right, temperature: 0.5, stop: ['ä', '\n"'] }))
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom(0, 1, 2),
        async (at, byte, how) => {
          const insert = how === 0 ? [byte] : how === 1 ? [] : [bytes[at]!, bytes[at]!]
          const changed = Uint8Array.from([...bytes.subarray(0, at), ...insert, ...bytes.subarray(at + 1)])
          const before = counted.upstream.requests.length
          const answer = await post(changed)
          expect(answer.status).toBeLessThan(500)
          const text = decode(changed)
          if (text === undefined || !isValid(text)) {
            expect(answer.status).toBe(400)
            expect(counted.upstream.requests.length).toBe(before)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('heads with one byte changed', async () => {
    const body = JSON.stringify(right)
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`
    await fc.assert(
      fc.asyncProperty(
        fc.nat(head.length - 3),
        fc.constantFrom(0, 9, 10, 13, 32, 44, 58, 59, 47, 48, 57, 65, 127, 128, 255),
        async (at, byte) => {
          const send = head.slice(0, at) + String.fromCharCode(byte) + head.slice(at + 1) + body
          const answer = await sendRaw({ port: counted.port, send, half: true }).catch(() => undefined)
          expect(answer?.status ?? 400).toBeLessThan(500)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('after all of it the gateway answers as before', async () => {
    expect((await postRaw(counted.port, JSON.stringify(right))).status).toBe(200)
    expect(counted.served.gateway.inFlight()).toBe(0)
  })
})

test('any value against the schema: passes, or throws a 400 with the path of what is wrong', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (body) => {
      try {
        checkRequest(chatRequestSchema, body)
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
        expect(error).toMatchObject({ status: 400, param: expect.any(String) })
      }
    }),
    { numRuns: 2000 },
  )
})

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
