import type { Answer } from './types/lifecycle.ts'
import type { Usage } from './types/call.ts'
import type { ChatCompletion, ErrorShape } from './types/chat.ts'
import type { Endpoint } from './types/provider.ts'
import { decodeText } from './decode-text.ts'
import { GatewayError } from './error.ts'
import type { ExchangeInput, UpstreamHeaders } from './exchange.ts'
import { answerHeaders } from './answer-headers.ts'
import { reportedError } from './openai-error.ts'
import { providerError } from './upstream-error.ts'
import { estimateAnswer } from './estimate-answer.ts'
import { readJsonUsage, usageIn } from './usage.ts'
import { paysUsage } from './prices/work.ts'
import { fromChatCompletion } from './wires/completions.ts'

/** Errors are short; what is longer is not read twice. */
const ERROR_LIMIT = 16 * 1024
const UNREADABLE = { status: 502, message: 'sent an answer that could not be read', code: 'bad_upstream_answer' }

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
    const usage =
      plan.call.wire === 'openai.*'
        ? passingUsage(input)
        : (readUsage(input) ?? estimateAnswer(ctx.call, () => parse(input)))
    return { status: input.status, headers, body: input.bytes, usage, target }
  }
  const parsed = parse(input)
  const decoded = endpoint.decode ? decode(endpoint.decode, parsed, input) : chatAnswer(parsed, input)
  const body = plan.bridged ? decode((chat) => fromChatCompletion(chat as ChatCompletion), decoded, input) : decoded
  headers['content-type'] = 'application/json'
  const usage = usageIn(decoded) ?? estimateAnswer(ctx.call, () => body)
  return { status: input.status, headers, body: JSON.stringify(named(body, ctx.call.model)), usage, target }
}

/** A translated answer calls the model as its caller did, as the pieces of a translated stream do. */
function named(body: unknown, model: string): unknown {
  if (model === '' || typeof (body as { model?: unknown } | null | undefined)?.model !== 'string') return body
  return { ...(body as object), model }
}

/** Of a passed-through answer nothing is demanded: it may be empty, or no JSON at all. */
function passingUsage(input: JsonAnswerInput) {
  try {
    if (!isJson(input.headers['content-type'])) return undefined
    const text = decodeText(input.bytes)
    const usage = readJsonUsage(text)
    return usage && paysUsage(input.plan.call, text) ? usage : undefined
  } catch {
    return undefined
  }
}

function readUsage(input: JsonAnswerInput) {
  const text = decodeText(input.bytes)
  let usage: Usage | undefined
  let reported: ErrorShape | undefined
  try {
    usage = readJsonUsage(text)
    if (!usage && text.length < ERROR_LIMIT && text.includes('"error"')) reported = reportedError(JSON.parse(text))
  } catch {
    throw badAnswer(input)
  }
  if (reported) throw providerError(input.target, reported)
  return usage
}

/** A chat answer that is to be told in another dialect. */
function chatAnswer(parsed: unknown, input: JsonAnswerInput): unknown {
  const reported = reportedError(parsed)
  if (reported) throw providerError(input.target, reported)
  const choices = (parsed as { choices?: unknown } | null)?.choices
  const told =
    Array.isArray(choices) && choices.every((choice) => typeof choice?.message === 'object' && choice.message)
  if (told) return parsed
  throw providerError(input.target, UNREADABLE)
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
    throw providerError(target, error instanceof GatewayError ? error : UNREADABLE)
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
