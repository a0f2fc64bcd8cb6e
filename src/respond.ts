import type { Answer } from './types/lifecycle.ts'
import type { ErrorShape } from './types/chat.ts'
import type { NodePair } from './node-types.ts'
import { checkStatus, lineOf } from './answer-rules.ts'
import { ByteStream } from './byte-stream.ts'
import { NodeAnswer } from './node-answer.ts'
import { GatewayError, toErrorShape, toOpenAIError } from './error.ts'

/**
 * An Answer as a Response. On Node it is srvx's, which writes strings, bytes and piped bodies straight to the socket;
 * elsewhere, and for `fetch` in process, a stream becomes a web stream.
 */
export function toResponse(
  answer: Pick<Answer, 'status' | 'body'>,
  headers: Record<string, string>,
  node: NodePair | undefined,
  signal?: AbortSignal,
): Response {
  const { body, status } = answer
  if (!node) checkHead(answer, headers)
  if (body instanceof ByteStream && !node) return new Response(body.toWeb(signal), { status, headers })
  const init = { status, statusText: reasonOf(status), headers }
  return new NodeAnswer(body, init) as unknown as Response
}

/** Throws where a head cannot hold what plugins wrote, and ends the stream behind it: nobody would read that. */
function checkHead({ status, body }: Pick<Answer, 'status' | 'body'>, headers: Record<string, string>): void {
  try {
    checkStatus(status)
    for (const name in headers) lineOf(name, headers[name]!)
  } catch (error) {
    if (body instanceof ByteStream) body.cancel()
    throw error
  }
}

/** Reason phrases of the usual answers; HTTP does not need them, people do. */
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

/** A status's phrase; empty where it is not one of the usual ones. */
export function reasonOf(status: number): string {
  return REASONS[status] ?? ''
}

/** Any thrown value as an answer in OpenAI's dialect. */
export function toErrorAnswer(error: unknown, id: string): { shape: ErrorShape; answer: Answer } {
  const shape = toErrorShape(error, id)
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (error instanceof GatewayError) {
    Object.assign(headers, error.headers)
    if (error.origin === 'provider') headers['x-ungate-error-origin'] = 'provider'
  }
  return { shape, answer: { status: shape.status, headers, body: toOpenAIError(shape) } }
}
