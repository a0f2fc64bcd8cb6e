import type { Usage } from './types/call.ts'
import type { ChatCompletion, ErrorShape } from './types/chat.ts'
import type { StreamAnswerInput } from './stream-answer.ts'
import { toOpenAIError } from './error.ts'
import { reportedError } from './openai-error.ts'
import { isJson } from './json-answer.ts'
import { createNdjsonParser, createSseParser } from './sse.ts'
import { toUsage } from './usage.ts'
import { createChatWriter } from './wires/chat-writer.ts'
import { createCompletionsWriter } from './wires/completions.ts'
import { createOpenAIChatDecoder } from './wires/openai-chat-decoder.ts'
import { writeCompletion } from './wires/write-completion.ts'
import { indexOf, searchable, toNeedle } from './wires/event-scan.ts'
import { createSseTap } from './wires/sse-tap.ts'
import { concat } from './byte-stream.ts'

/** What happens to a stream's bytes between the upstream and the client. */
export interface StreamPipe {
  readonly headers: Record<string, string>
  /** What to send on for what came. */
  push(bytes: Uint8Array): readonly Uint8Array[]
  end(): readonly Uint8Array[]
  /** How this stream says that it broke; nothing where only cutting the connection does. */
  fail(shape: ErrorShape): readonly Uint8Array[]
  /** Server-sent events: comments may stand between them. */
  readonly events: boolean
  /** A part of an event has been sent on: no comment may follow yet. */
  midEvent(): boolean
  /** True once the end mark has gone by. */
  done(): boolean
  usage(): Usage | undefined
  failure(): ErrorShape | undefined
  /** An error that is part of what was sent on: the stream goes on or ends as the provider's does. */
  reported(): ErrorShape | undefined
  /** Bytes of generated text so far; undefined where they cannot be told from others. */
  generated(): number | undefined
  /** Those of them that the last usage says nothing of. Providers tell one at the beginning, as they go, or at the end. */
  uncounted(): number
  /** An empty body is a whole answer (downloads). */
  readonly mayBeEmpty: boolean
}

const encoder = new TextEncoder()
const NOTHING: readonly Uint8Array[] = []
const EVENT_STREAM = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Express's `compression` would as well (RFC 9111 §5.2.2.6 forbids it).
  'cache-control': 'no-cache, no-transform',
  // nginx in front would collect the stream otherwise (ngx_http_proxy_module, X-Accel-Buffering).
  'x-accel-buffering': 'no',
}

/** Chooses the pipe; undefined where the answer is to be collected whole. */
export function createStreamPipe(input: StreamAnswerInput, type: string): StreamPipe | undefined {
  const { call, endpoint, bridged } = input.plan
  const events = /^text\/event-stream\b/i.test(type)
  if (call.wire === 'openai.*' && !endpoint.decode) {
    // Compressed bytes can only be read by whoever is told that they are.
    const coding = input.headers['content-encoding']
    if (coding !== undefined && coding !== 'identity') return rawThrough(type, String(coding))
    if (events) return bytesThrough(input, type, false)
    return isJson(type) ? undefined : rawThrough(type)
  }
  if (!call.stream) return undefined
  if (!endpoint.decodeStream && !bridged && events) return bytesThrough(input, type, wantsWithhold(input))
  return translated(input, events || input.request.framing === 'ndjson')
}

/** The gateway asks for usage in every chat stream; a client that did not ask does not get the chunk. */
function wantsWithhold(input: StreamAnswerInput): boolean {
  const { wire } = input.plan.call
  return (wire === 'openai.chat' || wire === 'openai.completions') && !includeUsage(input.ctx.call.body)
}

function includeUsage(body: Readonly<Record<string, unknown>>): boolean {
  return (body['stream_options'] as { include_usage?: unknown } | null | undefined)?.include_usage === true
}

const DONE = encoder.encode('data: [DONE]')
const WITHOUT_CHOICE = { status: 502, message: 'ended its stream without an answer', code: 'bad_upstream_answer' }
const ENDED_EARLY = { status: 502, message: 'ended its stream early', code: 'stream_incomplete' }
const BLANK_LINE = encoder.encode('\n\n')
/** Longer than anything that providers say before their first choice. */
const BEFORE_LIMIT = 64 * 1024
const CHOICE = toNeedle('choices":[{')
/** A choice however it is spaced, or a comment: whoever waits is to hear of it. */
const SOMETHING = /"choices"\s*:\s*\[\s*[^\]\s]|^:/m

function saysSomething(bytes: Uint8Array): boolean {
  return indexOf(searchable(bytes), CHOICE, 0) >= 0 || SOMETHING.test(new TextDecoder().decode(bytes))
}

function bytesThrough({ plan }: StreamAnswerInput, type: string, withhold: boolean): StreamPipe {
  const { wire } = plan.call
  const hasChoices = wire === 'openai.chat' || wire === 'openai.completions'
  const tap = createSseTap({ withhold, watchEnd: hasChoices, costOf: plan.costOf })
  let done = false
  let early = false
  // What stands before the first choice is an answer only if one follows: until then, another provider may be asked.
  let waiting = hasChoices
  let held: Uint8Array | undefined
  let empty = false
  const begin = (out: readonly Uint8Array[], last: boolean) => {
    // Nearly always: nothing is put together, which would be a copy of what the stream began with.
    if (!held && saysSomething(out[0]!)) {
      waiting = false
      return out
    }
    const bytes = concat(held ? [held, ...out] : out)
    if (saysSomething(bytes) || tap.reported() || bytes.length > BEFORE_LIMIT) {
      waiting = false
      held = undefined
      return [bytes]
    }
    held = bytes
    empty = last
    return NOTHING
  }
  return {
    headers: { ...EVENT_STREAM, 'content-type': type },
    events: true,
    mayBeEmpty: false,
    push(bytes) {
      const out = tap.push(bytes)
      const last = out.at(-1)
      if (last && endsWithDone(last)) done = true
      return waiting && out.length > 0 ? begin(out, done) : out
    },
    end() {
      let out = tap.end()
      const last = out.at(-1)
      if (last && endsWithDone(last)) done = true
      // It was closed as if all had been said; that it was cut nobody else could tell.
      early = hasChoices && !done && !tap.finished() && !tap.reported()
      if (early && last) out = isWholeEvent(last) ? [...out, BLANK_LINE] : NOTHING
      if (waiting && (held || out.length > 0)) out = begin(out, true)
      // Nothing has begun that could end too early.
      if (waiting) early = false
      return out
    },
    // Half an event is ended first, so that the error is one of its own.
    fail: (shape) => [encoder.encode(`${tap.midEvent() ? '\n\n' : ''}data: ${toOpenAIError(shape)}\n\n`)],
    midEvent() {
      return tap.midEvent()
    },
    done() {
      return done
    },
    usage() {
      return tap.usage()
    },
    failure() {
      return empty ? WITHOUT_CHOICE : early ? ENDED_EARLY : undefined
    },
    reported() {
      return tap.reported()
    },
    generated() {
      return tap.generated()
    },
    uncounted() {
      return done ? 0 : tap.uncounted()
    },
  }
}

/** Whether what stands behind the last blank line could be read if one followed. */
function isWholeEvent(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes).replace(/^data:/, ''))
    return true
  } catch {
    return false
  }
}

function endsWithDone(bytes: Uint8Array): boolean {
  let end = bytes.length
  while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--
  const start = end - DONE.length
  if (start < 0 || bytes[end - 1] !== 93) return false
  for (let i = 0; i < DONE.length; i++) if (bytes[start + i] !== DONE[i]) return false
  return true
}

function rawThrough(type: string, coding?: string): StreamPipe {
  return {
    headers: {
      'content-type': type || 'application/octet-stream',
      ...(coding === undefined ? {} : { 'content-encoding': coding }),
    },
    events: false,
    midEvent: () => false,
    mayBeEmpty: true,
    push: (bytes) => [bytes],
    end: () => NOTHING,
    fail: () => NOTHING,
    done: () => false,
    usage: () => undefined,
    failure: () => undefined,
    reported: () => undefined,
    generated: () => undefined,
    uncounted: () => 0,
  }
}

/** Another dialect in, the client's out: parse, decode, write; all synchronous, once per network read. */
function translated(input: StreamAnswerInput, framed: boolean): StreamPipe {
  const { ctx, target, plan } = input
  const writerOptions = {
    id: `chatcmpl-${ctx.id}`,
    model: ctx.call.model,
    created: Math.floor(ctx.startedAt / 1000),
    includeUsage: includeUsage(ctx.call.body),
    costOf: plan.costOf,
  }
  const writer =
    ctx.call.wire === 'openai.completions' ? createCompletionsWriter(writerOptions) : createChatWriter(writerOptions)
  const decoder = plan.endpoint.decodeStream?.(writer, plan.call, target) ?? createOpenAIChatDecoder(writer)
  const framer = (input.request.framing === 'ndjson' ? createNdjsonParser : createSseParser)((event) =>
    decoder.event(event),
  )
  const whole: Uint8Array[] = []
  const take = () => {
    const text = writer.take()
    return text ? [encoder.encode(text)] : NOTHING
  }
  let early: ErrorShape | undefined
  return {
    headers: EVENT_STREAM,
    events: true,
    midEvent: () => false,
    mayBeEmpty: false,
    push(bytes) {
      if (framed) framer.push(bytes)
      else whole.push(bytes)
      return take()
    },
    end() {
      if (framed) {
        framer.end()
        decoder.end?.()
      } else writeWhole(input, concat(whole), writer)
      if (writer.failure()) return take()
      if (writer.finished()) writer.close()
      else early = ENDED_EARLY
      return take()
    },
    fail(shape) {
      writer.error(shape)
      return take()
    },
    done: () => false,
    usage() {
      return toUsage(writer.lastUsage())
    },
    failure() {
      return writer.failure() ?? early
    },
    reported: () => undefined,
    generated() {
      return writer.generated()
    },
    uncounted() {
      return writer.uncounted()
    },
  }
}

/** A provider that answered a stream request with one JSON body: sent on as a stream of one piece. */
function writeWhole(input: StreamAnswerInput, bytes: Uint8Array, writer: Parameters<typeof writeCompletion>[1]): void {
  const { endpoint, call } = input.plan
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes))
    const reported = endpoint.decode ? undefined : reportedError(parsed)
    if (reported) return writer.fail(reported)
    writeCompletion((endpoint.decode ? endpoint.decode(parsed, call, input.target) : parsed) as ChatCompletion, writer)
  } catch {
    writer.fail({ status: 502, message: 'answered a stream request with something else', code: 'bad_upstream_answer' })
  }
}
