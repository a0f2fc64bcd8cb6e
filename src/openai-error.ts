import type { ErrorShape } from './types/chat.ts'
import { statusOfError } from './error-status.ts'
import { classifyError, errorType } from './error.ts'

const TEXT_LIMIT = 2000

/**
 * Reads an error answer of an OpenAI-compatible API: `{"error":{message,type,param,code}}`, and what others make of it
 * (`{"error":"…"}`, `{"detail":…}`, `{"message":…}`, an HTML page, nothing at all).
 */
export function readOpenAIError(status: number, body: string): ErrorShape {
  const parsed = parse(body)
  if (parsed === undefined) return { status, message: describe(status, body), type: errorType(status), code: null }
  const error = isRecord(parsed['error']) ? parsed['error'] : parsed
  const message = firstText(error['message'], parsed['error'], parsed['detail'], parsed['message'])
  return classifyError({
    status: statusOf(error, status),
    message: (message ?? describe(status, body)).slice(0, TEXT_LIMIT),
    type: typeof error['type'] === 'string' ? error['type'] : errorType(status),
    code: typeof error['code'] === 'string' ? error['code'] : null,
    param: typeof error['param'] === 'string' ? error['param'] : null,
  })
}

/**
 * The error that stands in a body instead of an answer, under a status that tells of none: OpenRouter sends 200 once a model
 * has begun ("Errors and debugging").
 */
export function reportedError(body: unknown): ErrorShape | undefined {
  if (!isRecord(body) || Array.isArray(body['choices']) || Array.isArray(body['data'])) return undefined
  const { error } = body
  const told = isRecord(error) ? Object.keys(error).length > 0 : typeof error === 'string' && error !== ''
  return told ? readOpenAIError(500, JSON.stringify(body)) : undefined
}

function statusOf(error: Record<string, unknown>, status: number): number {
  // An error inside a 200 stream carries its status, if at all, in its fields.
  if (status !== 500) return status
  const { status: own, code, type } = error
  return statusOfError(typeof own === 'number' ? own : code, type)
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    if (Array.isArray(value)) return isRecord(value[0]) ? value[0] : undefined
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** What to say of an answer that is not JSON: an HTML page is named, a short text quoted. */
function describe(status: number, body: string): string {
  const text = body.trim()
  if (!text) return `status ${status} without a body`
  if (/^<(!doctype|html|head|body|\?xml)/i.test(text)) return `status ${status} with an HTML page`
  return text.slice(0, 300)
}

function firstText(...values: unknown[]): string | undefined {
  for (const value of values) {
    if (typeof value === 'string' && value) return value
    if (value !== undefined && value !== null && typeof value === 'object') {
      const { message, detail } = value as Record<string, unknown>
      if (typeof message === 'string' && message) return message
      // Mistral: `{"message":{"detail":[…]}}`.
      if (typeof detail === 'string' && detail) return detail
      const list = Array.isArray(value) ? value : detail
      if (Array.isArray(list)) return JSON.stringify(list).slice(0, TEXT_LIMIT)
    }
  }
  return undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
