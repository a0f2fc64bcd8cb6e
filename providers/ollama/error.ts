import { classifyError } from '../../src/index.ts'
import type { ErrorShape } from '../../src/index.ts'
import { isRecord } from './fields.ts'

const TEXT_LIMIT = 500

/** Reads an error answer: `{"error":"…"}` (docs, "Errors"), or whatever a proxy in front of Ollama says. */
export function decodeError(status: number, body: string): ErrorShape {
  return toErrorShape(status, messageOf(status, body))
}

/** An error by Ollama's words for it, which are all it gives: its errors have no code. */
export function toErrorShape(status: number, message: string): ErrorShape {
  if (status === 401) return { status, message, code: 'invalid_api_key' }
  if (status === 429) return { status, message, code: 'rate_limit_exceeded' }
  if (status === 404 && /model\b.*\bnot found/i.test(message)) {
    return { status, message, type: 'invalid_request_error', code: 'model_not_found', param: 'model' }
  }
  const lacking = /does not support (tools|thinking|images|vision|insert|chat|generate|embeddings)/i.exec(message)
  if (status === 400 && lacking) {
    return { status, message, code: 'unsupported_parameter', param: PARAMS.get(lacking[1]!.toLowerCase()) ?? 'model' }
  }
  return classifyError({ status, message })
}

// The request field that asked for what the model cannot do.
const PARAMS = new Map([
  ['tools', 'tools'],
  ['thinking', 'reasoning_effort'],
  ['images', 'messages'],
  ['vision', 'messages'],
  ['insert', 'suffix'],
])

function messageOf(status: number, body: string): string {
  const text = body.trim()
  const error = parse(text)
  if (typeof error === 'string' && error !== '') return error
  if (isRecord(error) && typeof error['message'] === 'string') return error['message']
  if (text === '') return `status ${status} without a message`
  if (text.startsWith('<')) return `status ${status} with an HTML page`
  return text.length > TEXT_LIMIT ? `${text.slice(0, TEXT_LIMIT)}…` : text
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value['error'] : undefined
  } catch {
    return undefined
  }
}
