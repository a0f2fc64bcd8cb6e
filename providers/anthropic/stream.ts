import type { Call, ChatSink, SseEvent, StreamDecoder, ThinkingBlock } from '../../src/index.ts'
import { toAnnotations, type UrlCitation } from './citations.ts'
import { ownsJsonTool, toThinkingBlock } from './decode.ts'
import { JSON_TOOL } from './encode-response-format.ts'
import { isLegacy } from './encode-tools.ts'
import { readStreamError } from './error.ts'
import { toFinishReason } from './finish-reason.ts'
import { isObject, textOf, type Block, type Json } from './json.ts'
import { toProviderFields } from './provider-fields.ts'
import { readTextDelta } from './text-delta.ts'
import { mergeUsage, toChatUsage } from './usage.ts'

/** A content block between its start and its stop. */
interface OpenBlock {
  block: Block
  /** What its deltas add up to: JSON of an input, a thinking text. */
  text: string
  signature: string
  citations: Json[]
  /** Where its text begins in the whole answer. */
  start: number
  /** Number among the client's tool calls; -1: no call of the client. */
  call: number
  /** Its input is the answer's text. */
  json: boolean
}

/** What the decoder reads of an event; everything else is reached through {@link Json}. */
interface MessageEvent {
  type?: string
  index?: number
  delta?: { type?: string; text?: unknown; partial_json?: unknown; thinking?: unknown; signature?: unknown } & Json
  [field: string]: unknown
}

/**
 * Reads a Messages stream ("Streaming messages") into a sink. Texts and thinking are written as they come; what belongs to
 * the whole message at the message's end. Lists are written once: of several deltas, the helpers of OpenAI's SDKs keep the
 * last (Node), or fail (Python).
 */
export function createMessageDecoder(sink: ChatSink, call: Call): StreamDecoder {
  const legacy = isLegacy(call.body)
  const ownsTool = ownsJsonTool(call.body)
  const open: (OpenBlock | undefined)[] = []
  const others: Block[] = []
  const citations: Json[] = []
  const thinkingBlocks: ThinkingBlock[] = []
  const annotations: UrlCitation[] = []
  let usage: Json = {}
  let ending: Json = {}
  let length = 0
  let calls = 0
  let done = false

  const text = (value: unknown) => {
    if (typeof value !== 'string' || !value) return
    length += value.length
    sink.text(value)
  }

  const callDelta = (index: number, piece: string, head?: Block) => {
    const fn = head ? { name: textOf(head['name']), arguments: piece } : { arguments: piece }
    if (legacy) sink.delta({ function_call: fn })
    else
      sink.delta({
        tool_calls: [
          head ? { index, id: textOf(head['id']), type: 'function', function: fn } : { index, function: fn },
        ],
      })
  }

  const startBlock = (index: number, block: Block) => {
    const calling = block.type === 'tool_use'
    const json = calling && !ownsTool && block['name'] === JSON_TOOL
    const number = calling && !json ? calls++ : -1
    open[index] = { block, text: '', signature: '', citations: [], start: length, call: number, json }
    if (number >= 0) callDelta(number, '', block)
    else if (block.type === 'text') text(block['text'])
    else if (block.type === 'thinking' && block['thinking']) sink.reasoning(textOf(block['thinking']))
  }

  const addDelta = (index: number, delta: NonNullable<MessageEvent['delta']>) => {
    const at = open[index]
    if (!at) return
    if (delta.type === 'input_json_delta') {
      const piece = delta.partial_json
      if (typeof piece !== 'string' || !piece) return
      at.text += piece
      if (at.json) text(piece)
      else if (at.call >= 0) callDelta(at.call, piece)
    } else if (delta.type === 'thinking_delta') {
      if (typeof delta.thinking !== 'string' || !delta.thinking) return
      at.text += delta.thinking
      sink.reasoning(delta.thinking)
    } else if (delta.type === 'signature_delta') at.signature += textOf(delta.signature)
    else if (delta.type === 'citations_delta') {
      if (isObject(delta['citation'])) at.citations.push(delta['citation'])
    } else if (typeof delta['content'] === 'string')
      at.block = { ...at.block, content: textOf(at.block['content']) + delta['content'] }
  }

  const stopBlock = (index: number) => {
    const at = open[index]
    open[index] = undefined
    if (!at) return
    const { block } = at
    if (at.json || at.call >= 0) {
      // An input without deltas is empty, or came whole with the block's start.
      if (at.text) return
      const input = JSON.stringify(block['input'] ?? {})
      if (at.json) text(input)
      else callDelta(at.call, input)
    } else if (block.type === 'thinking' || block.type === 'redacted_thinking') {
      const thinking = textOf(block['thinking']) + at.text
      const signature = textOf(block['signature']) + at.signature
      thinkingBlocks.push(toThinkingBlock({ ...block, thinking, signature }))
    } else if (block.type === 'text') {
      const given = Array.isArray(block['citations']) ? block['citations'] : []
      const found = toAnnotations([...given, ...at.citations], at.start, length)
      annotations.push(...found.annotations)
      citations.push(...found.others)
    } else others.push(at.text ? { ...block, input: parse(at.text) ?? at.text } : block)
  }

  const report = (update: unknown) => {
    usage = mergeUsage(usage, update)
    sink.usage(toChatUsage(usage))
  }

  const fail = (error: unknown) => {
    done = true
    sink.fail(readStreamError(error))
  }

  const finish = () => {
    done = true
    if (thinkingBlocks.length) sink.delta({ thinking_blocks: thinkingBlocks })
    if (annotations.length) sink.delta({ annotations })
    const fields = toProviderFields({ blocks: others, citations, ending })
    if (fields) sink.delta({ provider_specific_fields: fields })
    sink.finish(toFinishReason(ending['stop_reason'], { calls: calls > 0, legacy }))
  }

  return {
    event({ event, data }: SseEvent) {
      if (done || event === 'ping') return
      const piece = readTextDelta(data)
      if (piece !== undefined) return text(piece)
      const message = parse(data) as MessageEvent | undefined
      if (!isObject(message))
        return fail({ type: 'api_error', message: 'Anthropic sent an event that is no JSON object' })
      const delta = message.delta
      switch (message.type) {
        case 'content_block_delta':
          if (!isObject(delta)) return
          if (delta.type === 'text_delta') text(delta.text)
          else addDelta(message.index ?? 0, delta)
          return
        case 'content_block_start':
          if (isObject(message['content_block'])) startBlock(message.index ?? 0, message['content_block'] as Block)
          return
        case 'content_block_stop':
          return stopBlock(message.index ?? 0)
        case 'message_start':
          if (isObject(message['message'])) report(message['message']['usage'])
          return
        case 'message_delta':
          if (isObject(delta)) ending = mergeUsage(ending, delta)
          if (message['usage']) report(message['usage'])
          return
        case 'message_stop':
          return finish()
        case 'error':
          return fail(message['error'])
      }
    },
    end() {
      if (done) return
      if (ending['stop_reason']) finish()
      else fail({ type: 'api_error', message: 'The stream from Anthropic ended before the message did' })
    },
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}
