import { classifyError, errorType, type ErrorShape } from '../../src/index.ts'
import { isObject, textOf } from './json.ts'

/** Longest piece of an upstream text that reaches a client. */
const LIMIT = 2000

interface Kind {
  status: number
  type: string
  code: string | null
}

/** Anthropic's error types (API reference, "Errors") in OpenAI's words. 529 is no registered status: 503 says it. */
const KINDS: Readonly<Record<string, Kind>> = {
  invalid_request_error: { status: 400, type: 'invalid_request_error', code: null },
  authentication_error: { status: 401, type: 'authentication_error', code: 'invalid_api_key' },
  billing_error: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' },
  permission_error: { status: 403, type: 'permission_error', code: 'permission_denied' },
  not_found_error: { status: 404, type: 'invalid_request_error', code: 'not_found' },
  conflict_error: { status: 409, type: 'invalid_request_error', code: 'conflict' },
  request_too_large: { status: 413, type: 'invalid_request_error', code: 'request_too_large' },
  rate_limit_error: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  api_error: { status: 500, type: 'api_error', code: null },
  timeout_error: { status: 504, type: 'timeout_error', code: 'timeout' },
  overloaded_error: { status: 503, type: 'overloaded_error', code: 'overloaded' },
}

const BY_STATUS = new Map(Object.entries(KINDS).map(([name, kind]) => [kind.status, name]))

/** Reads an error answer of any kind: Anthropic's JSON, a proxy's page, nothing at all. */
export function readError(status: number, body: string): ErrorShape {
  const at = status === 529 ? 503 : status
  const parsed = parse(body)
  const error = isObject(parsed) ? (isObject(parsed['error']) ? parsed['error'] : parsed) : undefined
  const message = error && (textOf(error['message']) || textOf(error['error']))
  if (message) return shape(textOf(error['type']), message, at)
  return shape('', describe(at, body), at)
}

/** Reads the `error` object of a stream's error event, which has no status of its own. */
export function readStreamError(error: unknown): ErrorShape {
  const { type, message } = isObject(error) ? error : {}
  return shape(textOf(type), textOf(message) || 'Anthropic reported an error inside its stream')
}

function shape(name: string, text: string, status?: number): ErrorShape {
  const kind = KINDS[Object.hasOwn(KINDS, name) ? name : (BY_STATUS.get(status ?? 500) ?? '')]
  const message = tidy(text)
  // An account without credit is told as a bad request, though no change of the request helps.
  if (/credit balance is too low/i.test(text)) return { ...KINDS['billing_error']!, param: null, message }
  const at = status ?? kind?.status ?? 500
  const out = { status: at, message, type: kind?.type ?? errorType(at), code: kind?.code ?? null, param: paramOf(text) }
  if (name === 'not_found_error' && text.startsWith('model:')) out.code = 'model_not_found'
  if (at === 400 && /exceed context limit/i.test(text)) out.code = 'context_length_exceeded'
  return classifyError(out)
}

/** Anthropic begins with the field at fault: `messages.0.content: …` is `messages[0].content`. */
function paramOf(text: string): string | null {
  const path = /^([a-z][\w]*(?:\.\w+)*): /.exec(text.slice(0, 300))?.[1]
  return path ? path.replace(/\.(\d+)/g, '[$1]') : null
}

function describe(status: number, body: string): string {
  const text = body.trim()
  if (!text) return `Anthropic answered ${status} with an empty body`
  if (text.startsWith('<')) {
    const title = /<title[^>]*>([^<]{1,200})/i.exec(text.slice(0, 10_000))?.[1]?.trim()
    return `Anthropic answered ${status} with a web page instead of JSON${title ? `: ${title}` : ''}`
  }
  return text
}

function tidy(text: string): string {
  const safe = text.slice(0, 2 * LIMIT).replace(/sk-ant-[\w-]+/g, 'sk-ant-***')
  return safe.length > LIMIT ? `${safe.slice(0, LIMIT - 1)}…` : safe
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
