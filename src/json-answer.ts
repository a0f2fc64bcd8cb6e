import type { Answer } from './types/lifecycle.ts'
import type { ChatCompletion } from './types/chat.ts'
import type { Endpoint } from './types/provider.ts'
import { decodeText } from './decode-text.ts'
import { GatewayError } from './error.ts'
import type { ExchangeInput, UpstreamHeaders } from './exchange.ts'
import { answerHeaders } from './answer-headers.ts'
import { providerError } from './upstream-error.ts'
import { readJsonUsage, usageIn } from './usage.ts'
import { fromChatCompletion } from './wires/completions.ts'

export interface JsonAnswerInput extends ExchangeInput {
  readonly status: number
  readonly headers: UpstreamHeaders
  readonly bytes: Uint8Array
}

/** A whole answer: the same bytes where the wires match, translated where they do not. */
export function createJsonAnswer(input: JsonAnswerInput): Answer {
  const { ctx, target, plan } = input
  const { endpoint } = plan
  const headers = answerHeaders(ctx, target, input.headers)
  if (!endpoint.decode && !plan.bridged) {
    const type = input.headers['content-type']
    headers['content-type'] = typeof type === 'string' ? type : 'application/json'
    const usage = plan.call.wire === 'openai.*' ? passingUsage(input) : readUsage(input)
    return { status: input.status, headers, body: input.bytes, usage, target }
  }
  const parsed = parse(input)
  const decoded = endpoint.decode ? decode(endpoint.decode, parsed, input) : parsed
  const body = plan.bridged ? fromChatCompletion(decoded as ChatCompletion) : decoded
  headers['content-type'] = 'application/json'
  const usage = usageIn(decoded)
  return { status: input.status, headers, body: JSON.stringify(body), usage, target }
}

/** Of a passed-through answer nothing is demanded: it may be empty, or no JSON at all. */
function passingUsage(input: JsonAnswerInput) {
  try {
    return isJson(input.headers['content-type']) ? readJsonUsage(decodeText(input.bytes)) : undefined
  } catch {
    return undefined
  }
}

function readUsage(input: JsonAnswerInput) {
  try {
    return readJsonUsage(decodeText(input.bytes))
  } catch {
    throw badAnswer(input)
  }
}

function parse(input: JsonAnswerInput): unknown {
  try {
    return JSON.parse(decodeText(input.bytes))
  } catch {
    throw badAnswer(input)
  }
}

/** A decoder is pure: what it throws, the answer has caused. */
function decode(decoder: NonNullable<Endpoint['decode']>, parsed: unknown, input: JsonAnswerInput): unknown {
  const { target, plan } = input
  try {
    return decoder(parsed, plan.call, target)
  } catch (error) {
    const unreadable = { status: 502, message: 'sent an answer that could not be read', code: 'bad_upstream_answer' }
    throw providerError(target, error instanceof GatewayError ? error : unreadable)
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
