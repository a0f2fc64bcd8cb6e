import { GatewayError, type Call, type ChatCompletion, type ChatMessage, type Target } from '../../src/index.ts'
import type { ChatToolCall } from '../../src/index.ts'
import { toAnnotations } from './citations.ts'
import { isLegacy } from './encode-tools.ts'
import { readErrorObject } from './error.ts'
import { toFinishReason } from './finish-reason.ts'
import { isObject, listOf, newId, textOf, type Json, type Part } from './json.ts'
import { toChatLogprobs } from './logprobs.ts'
import { toBlockedFields, toProviderFields } from './provider-fields.ts'
import { createPartReader, type ImagePart } from './read-parts.ts'
import { toChatUsage } from './usage.ts'

/** OpenAI's message with what the extensions of others brought: images, speech, the deprecated `function_call`. */
type GeminiMessage = ChatMessage & {
  images?: ImagePart[]
  audio?: { id: string; data: string; expires_at: number; transcript: string }
  function_call?: ChatToolCall['function']
}

/**
 * An answer of generateContent as a chat completion. A blocked prompt is an answer without content.
 * @throws {GatewayError} 502 where there is neither an answer nor a reason for its absence
 */
export function decodeChat(body: unknown, call: Call, target: Target): ChatCompletion {
  const answer = isObject(body) ? body : {}
  if (isObject(answer['error'])) throw badAnswer(readErrorObject(answer['error']).message)
  const created = Math.floor(Date.now() / 1000)
  const candidates = listOf(answer['candidates']).filter(isObject)
  const choices = candidates.map((candidate, i) => toChoice(candidate, { position: i, call, created }))
  const blocked = toBlockedFields(answer['promptFeedback'])
  if (!choices.length && !blocked) throw badAnswer('the answer holds no candidates')
  if (!choices.length) {
    const message: ChatMessage = { role: 'assistant', content: '', provider_specific_fields: blocked! }
    choices.push({ index: 0, message, logprobs: null, finish_reason: 'content_filter' })
  }
  const usage = toChatUsage(answer['usageMetadata'])
  const tier = isObject(answer['usageMetadata']) ? textOf(answer['usageMetadata']['serviceTier']) : ''
  return {
    id: textOf(answer['responseId']) || newId('chatcmpl-'),
    object: 'chat.completion',
    created,
    model: textOf(answer['modelVersion']) || target.model,
    choices,
    ...(usage ? { usage } : {}),
    ...(tier ? { service_tier: tier.toLowerCase() } : {}),
  }
}

/** The 502 of an answer that is none. */
export function badAnswer(message: string): GatewayError {
  return new GatewayError(502, message, { code: 'bad_upstream_answer', origin: 'provider' })
}

interface ChoiceContext {
  position: number
  call: Call
  created: number
}

function toChoice(candidate: Json, { position, call, created }: ChoiceContext): ChatCompletion['choices'][number] {
  const read = collect(candidate)
  const legacy = isLegacy(call.body)
  const finish = toFinishReason(candidate['finishReason'], { calls: read.calls.length > 0, legacy })
  const message: GeminiMessage = { role: 'assistant', content: read.text }
  if (!read.text && (read.calls.length || read.audio.length)) message.content = null
  const [first] = read.calls
  if (first && legacy) message.function_call = first.function
  else if (first) message.tool_calls = read.calls
  if (read.reasoning) message.reasoning_content = read.reasoning
  if (read.thinking.length) message.thinking_blocks = read.thinking
  if (read.images.length) message.images = read.images
  if (read.audio.length) {
    message.audio = { id: newId('audio_'), data: joinBase64(read.audio), expires_at: created, transcript: '' }
  }
  const annotations = toAnnotations(candidate, read.text)
  if (annotations.length) message.annotations = annotations
  const fields = toProviderFields({ ...read, candidate })
  if (fields) message.provider_specific_fields = fields
  return {
    index: typeof candidate['index'] === 'number' ? candidate['index'] : position,
    message,
    logprobs: toChatLogprobs(candidate['logprobsResult']),
    finish_reason: finish,
  }
}

function collect(candidate: Json) {
  const out = {
    text: '',
    reasoning: '',
    thinking: [] as NonNullable<ChatMessage['thinking_blocks']>,
    calls: [] as ChatToolCall[],
    images: [] as ImagePart[],
    audio: [] as string[],
    signatures: [] as string[],
    others: [] as Part[],
  }
  const read = createPartReader({
    text: (text) => void (out.text += text),
    reasoning: (text) => void (out.reasoning += text),
    thinking: (block) => void out.thinking.push(block),
    call: (call) => void out.calls.push(call),
    image: (image) => void out.images.push(image),
    audio: (data) => void out.audio.push(data),
    signature: (signature) => void out.signatures.push(signature),
    other: (part) => void out.others.push(part),
  })
  const content = candidate['content']
  for (const part of isObject(content) ? listOf(content['parts']) : []) read(part)
  return out
}

function joinBase64(pieces: readonly string[]): string {
  if (pieces.length === 1) return pieces[0]!
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64')
}
