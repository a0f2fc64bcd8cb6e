import { GatewayError, classifyError } from '../error.ts'
import { statusOfError } from '../error-status.ts'

/** Reads OpenAI's `{"error":{…}}`; undefined where there is none. */
export function readErrorBody(
  body: unknown,
  known: { status?: number | undefined; provider?: string | undefined; retryAfter?: number | undefined },
): GatewayError | undefined {
  const error = (body as { error?: unknown } | null | undefined)?.error
  if (error === undefined || error === null) return undefined
  const given = typeof error === 'object' ? (error as Record<string, unknown>) : { message: error }
  const type = text(given['type'])
  const code = text(given['code'])
  const param = text(given['param']) ?? null
  const message = text(given['message']) ?? 'The provider reported an error without a message.'
  const status = known.status ?? statusOfError(given['code'], type)
  const shape = classifyError({ status, message, type, code: code ?? null, param })
  const { provider, retryAfter } = known
  return new GatewayError(status, message, { type, code: shape.code, param, origin: 'provider', provider, retryAfter })
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
