import type { NodePair } from './node-types.ts'
import { plainHeaders } from './answer-headers.ts'
import { GatewayError } from './error.ts'
import { toErrorAnswer, toResponse } from './respond.ts'

/** The answer to a path that is nobody's. */
export function unknownPath(method: string, pathname: string, node: NodePair | undefined): Response {
  const error = new GatewayError(
    404,
    `Unknown request URL: ${method} ${pathname.slice(0, 200)}. GET /openapi.json lists what there is.`,
    {
      type: 'invalid_request_error',
      code: 'unknown_url',
    },
  )
  const id = crypto.randomUUID()
  const startedMs = performance.now()
  const { answer } = toErrorAnswer(error, id)
  return toResponse(answer, { ...answer.headers, ...plainHeaders(id, startedMs) }, node)
}

/** h3's own refusals (malformed URLs and the like) keep their status; anything else says only its id. */
export interface HTTPFailure {
  readonly status: number
  readonly unhandled?: boolean | undefined
  readonly cause?: unknown
}

/** The answer to what h3 could not read. */
export function unreadable(error: HTTPFailure, onError: (where: string, error: unknown) => void): Response {
  const id = crypto.randomUUID()
  const startedMs = performance.now()
  const known = error.unhandled !== true && error.status < 500
  if (!known) onError('request', error.cause ?? error)
  const { answer } = toErrorAnswer(
    known ? new GatewayError(error.status, 'The request could not be read.', { code: 'bad_http_request' }) : error,
    id,
  )
  return toResponse(answer, { ...answer.headers, ...plainHeaders(id, startedMs) }, undefined)
}
