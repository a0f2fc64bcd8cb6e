import { classifyError, errorType, type ErrorShape } from '../../src/index.ts'
import { isObject, listOf, textOf, type Json } from './json.ts'

/** Longest piece of an upstream text that reaches a client. */
const LIMIT = 2000

interface Kind {
  status: number
  type?: string
  code: string | null
}

/** Google's status names (google.rpc.Code; Gemini API, "Troubleshooting") in OpenAI's words. */
const KINDS: Readonly<Record<string, Kind>> = {
  INVALID_ARGUMENT: { status: 400, code: null },
  FAILED_PRECONDITION: { status: 400, code: null },
  OUT_OF_RANGE: { status: 400, code: null },
  UNAUTHENTICATED: { status: 401, code: 'invalid_api_key' },
  PERMISSION_DENIED: { status: 403, code: 'permission_denied' },
  NOT_FOUND: { status: 404, code: 'model_not_found' },
  ALREADY_EXISTS: { status: 409, code: 'conflict' },
  ABORTED: { status: 409, code: 'conflict' },
  RESOURCE_EXHAUSTED: { status: 429, code: 'rate_limit_exceeded' },
  CANCELLED: { status: 499, type: 'api_error', code: 'cancelled' },
  UNKNOWN: { status: 500, code: null },
  INTERNAL: { status: 500, code: null },
  DATA_LOSS: { status: 500, code: null },
  UNIMPLEMENTED: { status: 501, code: null },
  UNAVAILABLE: { status: 503, code: 'overloaded' },
  DEADLINE_EXCEEDED: { status: 504, code: 'timeout' },
}

const BY_STATUS = new Map(Object.values(KINDS).map((kind) => [kind.status, kind]))

/** Reads an error answer of any kind: Google's JSON, alone or in a list, a proxy's page, nothing at all. */
export function readError(status: number, body: string): ErrorShape {
  const parsed = parse(body)
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed
  const error = isObject(first) ? (isObject(first['error']) ? first['error'] : first) : undefined
  const message = error && (textOf(error['message']) || textOf(error['error']))
  if (error && message) return shape({ ...error, message }, status)
  return shape({ message: describe(status, body) }, status)
}

/** Reads the `error` object of an answer whose HTTP status says nothing, as inside a stream. */
export function readErrorObject(error: Json): ErrorShape {
  const code = error['code']
  const named = KINDS[textOf(error['status'])]?.status
  const status = typeof code === 'number' && code >= 400 && code < 600 ? code : (named ?? 500)
  return shape({ ...error, message: textOf(error['message']) || 'Gemini reported an error inside its stream' }, status)
}

function shape(error: Json, status: number): ErrorShape {
  const text = unwrap(textOf(error['message']))
  const details = listOf(error['details']).filter(isObject)
  const name = textOf(error['status'])
  const kind = (Object.hasOwn(KINDS, name) ? KINDS[name] : undefined) ?? BY_STATUS.get(status)
  // A wrong key is told as a bad request, though no change of the request helps.
  if (
    details.some(({ reason }) => reason === 'API_KEY_INVALID') ||
    /API key (?:not valid|expired|not found)/i.test(text)
  ) {
    return { status: 401, message: tidy(text), type: 'authentication_error', code: 'invalid_api_key', param: null }
  }
  const own = kind?.status === status ? kind : (BY_STATUS.get(status) ?? kind)
  const missing = status === 404 && !/cached ?content|\bfiles?\b/i.test(text)
  const seconds = retryDelay(details)
  const message = tidy(text)
  return {
    ...classifyError({
      status,
      message: seconds && !/retry/i.test(message) ? `${message} Retry in ${seconds} s.` : message,
      type: (own?.status === status && own.type) || errorType(status),
      code: status === 404 && !missing ? 'not_found' : (own?.code ?? null),
      param: missing ? 'model' : null,
    }),
    ...(seconds ? { retryAfter: seconds } : {}),
  }
}

/** `retryDelay` is a protobuf duration: `53s`, `1.5s`. */
function retryDelay(details: Json[]): number | undefined {
  for (const { retryDelay: delay } of details) {
    const seconds = Number(/^(\d+(?:\.\d+)?)s$/.exec(textOf(delay))?.[1])
    if (seconds > 0) return seconds
  }
  return undefined
}

/** Some relays put the whole error into the message of another. */
function unwrap(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text
  const parsed = parse(text)
  const inner: unknown = Array.isArray(parsed) ? parsed[0] : parsed
  const error = isObject(inner) && isObject(inner['error']) ? inner['error'] : inner
  return (isObject(error) && textOf(error['message'])) || text
}

function describe(status: number, body: string): string {
  const text = body.trim()
  if (!text) return `Gemini answered ${status} with an empty body`
  if (text.startsWith('<')) {
    const title = /<title[^>]*>([^<]{1,200})/i.exec(text.slice(0, 10_000))?.[1]?.trim()
    return `Gemini answered ${status} with a web page instead of JSON${title ? `: ${title}` : ''}`
  }
  return text
}

/** Google quotes keys, in URLs and as consumer: `api_key:AIza…`. */
const SECRETS = /\bAIza[\w-]{8,}|(\b(?:key=|api_?key[=:]\s*))[^\s&"',)]+/gi

function tidy(text: string): string {
  const safe = text.slice(0, 2 * LIMIT).replace(SECRETS, (_all, name: string | undefined) => `${name ?? ''}***`)
  return safe.length > LIMIT ? `${safe.slice(0, LIMIT - 1)}…` : safe
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
