import type { Call, ChatSink, ChatUsage, ErrorShape, FinishReason, SseEvent, Target } from '../../../src/index.ts'
import { GatewayError, type StreamDecoder, type Translation } from '../../../src/index.ts'

/** Models of three generations: budgets, adaptive thinking on demand, adaptive thinking always. */
export const CLASSIC = 'claude-sonnet-4-20250514'
export const CURRENT = 'claude-sonnet-4-6'
export const NEWEST = 'claude-opus-5-5'

export interface FakeTranslation extends Translation {
  /** Fields that could not be carried, in order. */
  readonly dropped: string[]
}

/** Collects what cannot be carried (as with `drop_params`), or throws as the gateway does by default. */
export function fakeTranslation(model = CLASSIC, drop = true): FakeTranslation {
  const dropped: string[] = []
  return {
    dropped,
    target: fakeTarget(model),
    unsupported(param, reason) {
      dropped.push(param)
      if (!drop) throw new GatewayError(400, `${param}: ${reason}`, { param, code: 'unsupported_parameter' })
    },
  }
}

export function fakeTarget(model = CLASSIC): Target {
  const provider = { name: 'anthropic', endpoints: {} }
  const deployment = { id: 'one', name: 'claude', provider: 'anthropic', model, options: {}, info: {}, source: 'test' }
  return { id: 'one', group: 'claude', model, provider, deployment }
}

export function fakeCall(body: Record<string, unknown>, over: Partial<Call> = {}): Call {
  return {
    wire: 'openai.chat',
    method: 'POST',
    path: '/chat/completions',
    search: '',
    model: 'claude',
    stream: body['stream'] === true,
    body,
    raw: JSON.stringify(body),
    headers: new Headers(),
    ...over,
  }
}

/** What a sink was told, as it came and added up. */
export interface Recording extends ChatSink {
  readonly log: unknown[][]
  readonly sum: { content: string; reasoning: string; deltas: Record<string, unknown>[] }
  readonly calls: { id: string; name: string; arguments: string }[]
  finishReason?: FinishReason
  totals?: ChatUsage
  failure?: ErrorShape
}

export function recordingSink(): Recording {
  const out: Recording = {
    log: [],
    sum: { content: '', reasoning: '', deltas: [] },
    calls: [],
    text(text) {
      out.log.push(['text', text])
      out.sum.content += text
    },
    reasoning(text) {
      out.log.push(['reasoning', text])
      out.sum.reasoning += text
    },
    delta(delta) {
      out.log.push(['delta', delta])
      out.sum.deltas.push(delta)
      for (const { index, id, function: fn } of (delta['tool_calls'] ?? []) as CallDelta[]) {
        if (id !== undefined) out.calls[index] = { id, name: fn.name!, arguments: fn.arguments }
        else out.calls[index]!.arguments += fn.arguments
      }
    },
    finish(reason) {
      out.log.push(['finish', reason])
      out.finishReason = reason
    },
    usage(usage) {
      out.log.push(['usage', usage])
      out.totals = usage
    },
    fail(error) {
      out.log.push(['fail', error])
      out.failure = error
    },
  }
  return out
}

interface CallDelta {
  index: number
  id?: string
  function: { name?: string; arguments: string }
}

/** An event as Anthropic frames it: the name repeats the data's type. */
export function sse(data: { type: string } & Record<string, unknown>): SseEvent {
  return { event: data.type, data: JSON.stringify(data) }
}

export function feed(decoder: StreamDecoder, events: readonly ({ type: string } & Record<string, unknown>)[]): void {
  for (const event of events) decoder.event(sse(event))
  decoder.end?.()
}
