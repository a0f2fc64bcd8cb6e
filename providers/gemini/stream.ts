import type { Call, ChatSink, ErrorShape, StreamDecoder, ThinkingBlock } from '../../src/index.ts'
import { toAnnotations } from './citations.ts'
import { isLegacy } from './encode-tools.ts'
import { readErrorObject } from './error.ts'
import { toFinishReason } from './finish-reason.ts'
import { isObject, listOf, type Json, type Part } from './json.ts'
import { toBlockedFields, toProviderFields } from './provider-fields.ts'
import { createPartReader, type ImagePart } from './read-parts.ts'
import { createSpeech, type Speech } from './speech.ts'
import { toChatUsage } from './usage.ts'

/** A candidate on its way. */
interface Choice {
  /** Its pieces laid over one another, without their content. */
  candidate: Json
  text: string
  calls: number
  thinking: ThinkingBlock[]
  images: ImagePart[]
  signatures: string[]
  others: Part[]
  speech: Speech
  read(part: unknown): void
}

/**
 * Reads a stream of streamGenerateContent: every event is an answer of its own that goes on from the last. What belongs
 * to whole messages is written at the end, because older models name a finish reason in every event. So are lists, and once:
 * of several deltas, the helpers of OpenAI's SDKs keep the last (Node), or fail (Python).
 */
export function createChatDecoder(sink: ChatSink, call: Call): StreamDecoder {
  const choices = new Map<number, Choice>()
  const legacy = isLegacy(call.body)
  let blocked: Json | undefined
  let failed = false

  const fail = (error: ErrorShape) => {
    failed = true
    sink.fail(error)
  }

  const choiceOf = (index: number): Choice => {
    let choice = choices.get(index)
    if (!choice) choices.set(index, (choice = createChoice(sink, index, legacy)))
    return choice
  }

  return {
    event({ data }) {
      if (failed || data === '[DONE]') return
      const answer = parse(data)
      if (!answer) return fail(broken('the stream holds an event that is not a JSON object'))
      if (isObject(answer['error'])) return fail(readErrorObject(answer['error']))
      listOf(answer['candidates']).forEach((candidate, i) => {
        if (!isObject(candidate)) return
        const { content, index, ...rest } = candidate
        const choice = choiceOf(typeof index === 'number' ? index : i)
        for (const part of isObject(content) ? listOf(content['parts']) : []) choice.read(part)
        choice.candidate = lay(choice.candidate, rest)
      })
      blocked = toBlockedFields(answer['promptFeedback']) ?? blocked
      const usage = toChatUsage(answer['usageMetadata'])
      if (usage) sink.usage(usage)
    },
    end() {
      if (failed) return
      const open = [...choices.values()].some(({ candidate }) => !candidate['finishReason'])
      if (!blocked && !choices.size) return fail(broken('the stream holds no answer'))
      if (!blocked && open) return fail(broken('the stream ended before the answer did'))
      if (!choices.size) choiceOf(0)
      for (const [index, choice] of choices) finish(choice, { index, sink, legacy, blocked })
    },
  }
}

function createChoice(sink: ChatSink, index: number, legacy: boolean): Choice {
  const speech = createSpeech((audio) => sink.delta({ audio }, index))
  const lists = { thinking: [], images: [], signatures: [], others: [] }
  const choice: Choice = { candidate: {}, text: '', calls: 0, ...lists, speech, read: () => {} }
  choice.read = createPartReader({
    text(text) {
      choice.text += text
      sink.text(text, index)
    },
    reasoning: (text) => sink.reasoning(text, index),
    thinking: (block) => void choice.thinking.push(block),
    call(call) {
      const number = choice.calls++
      if (!legacy) sink.delta({ tool_calls: [{ index: number, ...call }] }, index)
      else if (number === 0) sink.delta({ function_call: call.function }, index)
    },
    image: (image) => void choice.images.push(image),
    audio: (data) => speech.add(data),
    signature: (signature) => void choice.signatures.push(signature),
    other: (part) => void choice.others.push(part),
  })
  return choice
}

interface FinishContext {
  index: number
  sink: ChatSink
  legacy: boolean
  blocked: Json | undefined
}

function finish(choice: Choice, { index, sink, legacy, blocked }: FinishContext): void {
  choice.speech.end()
  if (choice.thinking.length) sink.delta({ thinking_blocks: choice.thinking }, index)
  if (choice.images.length) sink.delta({ images: choice.images }, index)
  const annotations = toAnnotations(choice.candidate, choice.text)
  if (annotations.length) sink.delta({ annotations }, index)
  const stopped = choice.candidate['finishReason'] ? undefined : blocked
  const fields = toProviderFields(choice)
  if (fields ?? stopped) sink.delta({ provider_specific_fields: { ...fields, ...stopped } }, index)
  const reason = toFinishReason(choice.candidate['finishReason'], { calls: choice.calls > 0, legacy })
  sink.finish(stopped ? 'content_filter' : reason, index)
}

/** Later pieces win; what search and recitation found is told in parts that belong together. */
function lay(known: Json, piece: Json): Json {
  const out = { ...known, ...piece }
  for (const key of ['groundingMetadata', 'citationMetadata']) {
    const [before, now] = [known[key], piece[key]]
    if (!isObject(before) || !isObject(now)) continue
    const merged: Json = { ...before, ...now }
    const sources = listOf(before['citationSources'])
    if (sources.length) merged['citationSources'] = [...sources, ...listOf(now['citationSources'])]
    out[key] = merged
  }
  return out
}

function broken(message: string): ErrorShape {
  return { status: 502, message, type: 'api_error', code: 'bad_upstream_answer' }
}

function parse(data: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(data)
    // A proxy that answers in one piece may send the list of all events.
    const first: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
    return isObject(first) ? first : undefined
  } catch {
    return undefined
  }
}
