import type { Call, Target, Translation, PlainRequest } from '../../../src/index.ts'
import mock from '../../../providers/mock/index.ts'
import { createSseParser } from '../../../src/sse.ts'

type Body = Record<string, unknown>

/** The provider at once, unless told otherwise. */
export function makeProvider(options: Record<string, unknown> = { pace: 0, latency: 0 }) {
  return mock.setup(mock.options.parse(options))
}

export interface Ask {
  path?: string
  method?: string
  options?: Record<string, unknown>
  signal?: AbortSignal
}

/** Asks the mock directly. */
export async function ask(body: Body | undefined, { path = '/chat/completions', ...ask }: Ask = {}): Promise<Response> {
  const request: PlainRequest = {
    url: `mock://local${path}`,
    method: ask.method ?? 'POST',
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  }
  return makeProvider(ask.options).respond!(request, ask.signal ?? new AbortController().signal)
}

/** A chat about one user message, as parsed JSON. */
export async function chat(model: string, more: Body = {}, text = 'Hello there'): Promise<Body> {
  const response = await ask({ model, messages: [{ role: 'user', content: text }], ...more })
  return { status: response.status, ...((await response.json()) as Body) }
}

/** The data of all events of a stream, `[DONE]` as it is. */
export async function readEvents(response: Response): Promise<(Body | '[DONE]')[]> {
  const events: (Body | '[DONE]')[] = []
  const parser = createSseParser(({ data }) => events.push(data === '[DONE]' ? data : (JSON.parse(data) as Body)))
  parser.push(new Uint8Array(await response.arrayBuffer()))
  parser.end()
  return events
}

export interface Message {
  role: string
  content: string | null
  reasoning_content?: string
  tool_calls?: { id: string; type: string; function: { name: string; arguments: string } }[]
}

export interface Choice {
  index: number
  message: Message
  text: string
  logprobs: unknown
  finish_reason: string
}

export const choicesOf = (body: Body): Choice[] => body['choices'] as Choice[]
export const firstOf = (body: Body): Choice => choicesOf(body)[0]!

/** The messages that the chunks of a chat stream add up to, by choice. */
export function collect(events: readonly (Body | '[DONE]')[]): { message: Message; finish: string[] }[] {
  const choices: { message: Message; finish: string[] }[] = []
  for (const event of events) {
    if (event === '[DONE]') continue
    for (const part of event['choices'] as { index: number; delta: Body; finish_reason: string | null }[]) {
      const choice = (choices[part.index] ??= { message: { role: '', content: null }, finish: [] })
      addDelta(choice.message, part.delta)
      if (part.finish_reason !== null) choice.finish.push(part.finish_reason)
    }
  }
  return choices
}

function addDelta(message: Message, delta: Body): void {
  if (typeof delta['role'] === 'string') message.role += delta['role']
  if (typeof delta['content'] === 'string' && delta['content'] !== '') {
    message.content = (message.content ?? '') + delta['content']
  }
  if (typeof delta['reasoning_content'] === 'string') {
    message.reasoning_content = (message.reasoning_content ?? '') + delta['reasoning_content']
  }
  for (const call of (delta['tool_calls'] ?? []) as { index: number; id?: string; type?: string; function: Body }[]) {
    const calls = (message.tool_calls ??= [])
    if (call.id !== undefined) {
      calls[call.index] = {
        id: call.id,
        type: call.type!,
        function: { name: String(call.function['name']), arguments: '' },
      }
    }
    calls[call.index]!.function.arguments += String(call.function['arguments'])
  }
}

export function makeTarget(model: string): Target {
  return {
    id: 'mock-1',
    group: 'test',
    model,
    provider: { name: 'mock', ...makeProvider() },
    deployment: { id: 'mock-1', name: 'test', provider: 'mock', model, options: {}, info: {}, source: 'test' },
  }
}

export function makeTranslation(model: string): Translation {
  return {
    target: makeTarget(model),
    unsupported(param) {
      throw new Error(`refused ${param}`)
    },
  }
}

export function makeCall(wire: Call['wire'], path: string, body: Body, more: Partial<Call> = {}): Call {
  return {
    wire,
    method: 'POST',
    path,
    search: '',
    model: 'test',
    stream: body['stream'] === true,
    body,
    raw: JSON.stringify(body),
    headers: { get: () => null },
    ...more,
  }
}
