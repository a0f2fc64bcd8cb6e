import type { Answer } from './types/lifecycle.ts'
import type { ChatCompletion } from './types/chat.ts'
import type { ExchangeInput, UpstreamHeaders } from './exchange.ts'
import { answerHeaders } from './answer-headers.ts'
import { providerError } from './upstream-error.ts'
import { readJsonUsage, toUsage } from './usage.ts'
import { fromChatCompletion } from './wires/completions.ts'

export interface JsonAnswerInput extends ExchangeInput {
  readonly status: number
  readonly headers: UpstreamHeaders
  readonly bytes: Uint8Array
}

const decoder = new TextDecoder()

/** A whole answer: the same bytes where the wires match, translated where they do not. */
export function createJsonAnswer(input: JsonAnswerInput): Answer {
  const { ctx, target, plan } = input
  const { endpoint } = plan
  const headers = answerHeaders(ctx, target, input.headers)
  if (!endpoint.decode && !plan.bridged) {
    const type = input.headers['content-type']
    headers['content-type'] = typeof type === 'string' ? type : 'application/json'
    const usage = plan.call.wire === 'openai.*' && !isJson(type) ? undefined : readUsage(input)
    return { status: input.status, headers, body: input.bytes, usage, target }
  }
  const parsed = parse(input)
  const decoded = endpoint.decode ? endpoint.decode(parsed, plan.call, target) : parsed
  const body = plan.bridged ? fromChatCompletion(decoded as ChatCompletion) : decoded
  headers['content-type'] = 'application/json'
  const usage = toUsage((decoded as { usage?: ChatCompletion['usage'] } | null)?.usage)
  return { status: input.status, headers, body: JSON.stringify(body), usage, target }
}

function readUsage(input: JsonAnswerInput) {
  try {
    return readJsonUsage(decoder.decode(input.bytes))
  } catch {
    throw badAnswer(input)
  }
}

function parse(input: JsonAnswerInput): unknown {
  try {
    return JSON.parse(decoder.decode(input.bytes))
  } catch {
    throw badAnswer(input)
  }
}

function badAnswer(input: JsonAnswerInput) {
  const what = input.bytes.length === 0 ? 'an empty body' : 'a body that is not JSON'
  return providerError(input.target, {
    status: 502,
    message: `answered ${input.status} with ${what}`,
    type: 'api_error',
    code: 'bad_upstream_answer',
  })
}

/** True for JSON media types, `application/problem+json` and the like included. */
export function isJson(type: unknown): boolean {
  return typeof type === 'string' && /^application\/([\w.-]+\+)?json\b/i.test(type)
}
