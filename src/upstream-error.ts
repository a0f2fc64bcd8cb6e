import type { ErrorShape } from './types/chat.ts'
import type { Target } from './types/provider.ts'
import { GatewayError } from './error.ts'
import { readOpenAIError } from './openai-error.ts'
import { redact } from './secrets.ts'

/** A provider's error answer as the gateway's: same status class, and a message that says whose words it holds. */
export function toProviderError(
  target: Target,
  status: number,
  body: string,
  headers: Record<string, string | string[] | undefined>,
): GatewayError {
  // Before it is cut to length: half a key is no longer found.
  const text = redact(body, target)
  // A redirect would carry the key elsewhere; what is no error to HTTP is one here.
  const shape: ErrorShape =
    status < 400
      ? { status: 502, message: `unexpected status ${status}`, type: 'api_error', code: 'bad_upstream_answer' }
      : (target.provider.error?.(status, text) ?? readOpenAIError(status, text))
  return providerError(target, shape, retryAfterSeconds(headers) ?? shape.retryAfter)
}

/** Any failure that is the provider's. */
export function providerError(target: Target, shape: ErrorShape, retryAfter?: number): GatewayError {
  const clean = <T>(text: T) => (typeof text === 'string' ? redact(text, target) : text)
  return new GatewayError(shape.status, `${target.provider.name}: ${clean(shape.message)}`, {
    type: clean(shape.type),
    code: clean(shape.code),
    param: clean(shape.param),
    retryAfter,
    origin: 'provider',
    provider: target.provider.name,
    model: target.model,
  })
}

/**
 * A failed exchange: the provider could not be reached (502), or did not answer in time (408, LiteLLM's status for it,
 * which OpenAI's SDKs retry).
 */
export function toTransportError(target: Target, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'HEADERS_TIMEOUT' || code === 'IDLE_TIMEOUT' || code === 'GATEWAY_TIMEOUT') {
    return timeoutError(
      target,
      code === 'IDLE_TIMEOUT' ? 'went silent in the middle of its answer' : 'did not answer in time',
    )
  }
  if (code === 'CONNECT_TIMEOUT') return timeoutError(target, 'could not be connected to in time')
  return new GatewayError(502, `${target.provider.name}: the connection failed (${reasonOf(error)}).`, {
    type: 'api_connection_error',
    code: 'upstream_unreachable',
    origin: 'provider',
    provider: target.provider.name,
    model: target.model,
    cause: error,
  })
}

/** A decoder is pure: what it throws, the stream has caused. */
export function toStreamError(target: Target, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const shape = { status: 502, message: 'sent a stream that could not be read', code: 'bad_upstream_answer' }
  return providerError(target, shape)
}

function timeoutError(target: Target, what: string): GatewayError {
  return new GatewayError(408, `${target.provider.name} ${what}.`, {
    type: 'timeout_error',
    code: 'timeout',
    origin: 'provider',
    provider: target.provider.name,
    model: target.model,
  })
}

const UNTRUSTED =
  'its certificate is signed by nobody that this process trusts; NODE_EXTRA_CA_CERTS can name a file of more'

/** What Node's TLS says by codes alone (`X509_V_ERR_*`, `ERR_SSL_*`), in words that lead to what is to be mended. */
const TLS_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port; is it http:// instead of https://?',
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ECONNREFUSED') return 'refused'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'host name not found'
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UPSTREAM_CLOSED') return 'reset by the provider'
  const tls = typeof code === 'string' && TLS_REASONS[code]
  if (tls) return `${tls}: ${code}`
  if (code === 'BAD_HTTP_RESPONSE') return `it answered with what is not HTTP: ${(error as Error).message}`
  return typeof code === 'string' ? code : 'failed'
}

/** `retry-after-ms` (OpenAI, Azure) or `retry-after` in seconds or as a date (RFC 9110 §10.2.3), as seconds. */
function retryAfterSeconds(headers: Record<string, string | string[] | undefined>): number | undefined {
  const ms = Number(headers['retry-after-ms'])
  if (headers['retry-after-ms'] !== undefined && Number.isFinite(ms)) return ms / 1000
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000)
}
