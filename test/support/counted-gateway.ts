import { afterAll, beforeAll, expect } from 'vitest'
import type { GatewayConfig } from '../../src/index.ts'
import { chatAnswer } from './openai-answers.ts'
import { errorOf } from './raw.ts'
import type { RawAnswer } from './raw.ts'
import { serveGateway } from './serve.ts'
import type { Served } from './serve.ts'
import { sendJson, startUpstream } from './upstream.ts'
import type { Upstream } from './upstream.ts'

/** A gateway on a real socket before an upstream that counts what reaches it. */
export interface Counted {
  port: number
  served: Served
  upstream: Upstream
  /** The call went through: the upstream was asked once more. */
  accepted(answer: RawAnswer): void
  /** The call was refused in OpenAI's dialect, and the upstream was not asked. */
  refused(answer: RawAnswer, wanted: { status?: number; code?: string | null; param?: string | null }): void
}

/** Within a test file: one such gateway for all of its tests; model `m`, and any path passed through to it. */
export function countedGateway(config: GatewayConfig = {}): Counted {
  let seen = 0
  const newRequests = () => {
    const before = seen
    seen = counted.upstream.requests.length
    return seen - before
  }
  const counted = {
    accepted(answer) {
      expect(newRequests(), `requests that reached the upstream; ${answer.body.slice(0, 300)}`).toBe(1)
      expect(answer.status, answer.body.slice(0, 300)).toBe(200)
    },
    refused(answer, { status = 400, ...wanted }) {
      expect(newRequests(), `requests that reached the upstream; ${answer.body.slice(0, 300)}`).toBe(0)
      expect(answer.status, answer.body.slice(0, 300)).toBe(status)
      expect(answer.headers['content-type']).toBe('application/json')
      const error = errorOf(answer)
      expect(error).toMatchObject({ type: 'invalid_request_error', ...wanted })
      expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type'])
      expect(error.message).toMatch(/\S/)
    },
  } as Counted
  beforeAll(async () => {
    counted.upstream = await startUpstream((_call, response) => sendJson(response, chatAnswer('Hello')))
    counted.served = await serveGateway({
      models: [
        { name: 'm', model: 'openai/upstream-model', apiKey: 'sk-counted-0123456789', baseURL: counted.upstream.url },
      ],
      ...config,
      plugins: { retry: { retries: 0 }, ...config.plugins },
    })
    counted.port = Number(new URL(counted.served.url).port)
  })
  afterAll(async () => {
    await counted.served.close()
    await counted.upstream.close()
  })
  return counted
}

/** A chat body that is right, with members laid over it. */
export function chatBody(more: Record<string, unknown> = {}): string {
  return JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...more })
}
