import { toOpenAIError } from '../../src/index.ts'
import type { ErrorShape } from '../../src/index.ts'
import type { MockRequest } from './request.ts'

const CODES = new Map([
  [401, 'invalid_api_key'],
  [403, 'permission_denied'],
  [404, 'model_not_found'],
  [429, 'rate_limit_exceeded'],
  [500, 'server_error'],
  [503, 'overloaded'],
])

/** The failure that a request asks for; undefined where it asks for none that has an answer. */
export function failureOf({ behaviour, body, id }: MockRequest): Response | undefined {
  switch (behaviour.name) {
    case 'error': {
      const status = behaviour.value
      const retry: Record<string, string> = status === 429 || status === 503 ? { 'retry-after': '1' } : {}
      const message = `The mock failed with status ${status}, as it was asked to.`
      return errorResponse({ status, message, code: CODES.get(status) ?? null }, id, retry)
    }
    case 'context-window': {
      const message = 'The prompt is longer than the context window of the mock, as it was asked to be.'
      return errorResponse({ status: 400, message, code: 'context_length_exceeded', param: 'messages' }, id)
    }
    case 'content-policy': {
      const message = 'The prompt is against the content policy of the mock, as it was asked to be.'
      return errorResponse({ status: 400, message, code: 'content_policy_violation' }, id)
    }
    case 'html-error': {
      const page = '<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>\n'
      return new Response(page, { status: 502, headers: { 'content-type': 'text/html; charset=utf-8' } })
    }
    case 'empty': {
      const type = body['stream'] === true ? 'text/event-stream; charset=utf-8' : 'application/json'
      return new Response('', { status: 200, headers: { 'content-type': type } })
    }
    default:
      return undefined
  }
}

/** An error in OpenAI's form. */
export function errorResponse(shape: ErrorShape, id: string, headers: Record<string, string> = {}): Response {
  return new Response(toOpenAIError(shape), {
    status: shape.status,
    headers: { 'content-type': 'application/json', 'x-request-id': `req_${id}`, ...headers },
  })
}
