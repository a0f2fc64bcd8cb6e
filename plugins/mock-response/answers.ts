import { invalidRequest } from '../../src/index.ts'
import type { ChatToolCall, Context } from '../../src/index.ts'

export interface Mock {
  readonly response: unknown
  readonly toolCalls: readonly ChatToolCall[] | undefined
}

/** The figures of LiteLLM's mock. */
const USAGE = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 }

interface Choice {
  readonly index: number
  readonly text: string | null
  readonly toolCalls: readonly ChatToolCall[] | undefined
  readonly finish: string
}

/** An OpenAI-shaped body around the mocked content; undefined for dialects that cannot be mocked. */
export function mockedBody(ctx: Context, mock: Mock): object | undefined {
  switch (ctx.call.wire) {
    case 'openai.chat':
    case 'openai.completions':
      return isAnswer(mock.response) ? mock.response : whole(ctx, mock)
    case 'openai.embeddings':
      return isAnswer(mock.response) ? mock.response : embeddings(ctx, mock.response)
    case 'openai.images':
      return isAnswer(mock.response) ? mock.response : images(ctx, mock.response)
    default:
      return undefined
  }
}

/** The same content as server-sent events: the role, the text word by word, the finish, usage if asked for, `[DONE]`. */
export function mockedEvents(ctx: Context, mock: Mock): string {
  const chat = ctx.call.wire === 'openai.chat'
  const head = { ...headOf(ctx), object: chat ? 'chat.completion.chunk' : 'text_completion' }
  const events: unknown[] = []
  const add = (index: number, part: object, finish: string | null) =>
    events.push({ ...head, choices: [{ index, ...(chat ? { delta: part } : part), finish_reason: finish }] })
  for (const { index, text, toolCalls, finish } of choicesOf(ctx, mock)) {
    if (chat) add(index, { role: 'assistant', content: text === null ? null : '' }, null)
    for (const piece of text?.match(/\s*\S+|\s+$/g) ?? []) add(index, chat ? { content: piece } : { text: piece }, null)
    if (toolCalls) add(index, { tool_calls: toolCalls.map((call, i) => ({ index: i, ...call })) }, null)
    add(index, chat ? {} : { text: '' }, finish)
  }
  const options = ctx.call.body['stream_options'] as { include_usage?: unknown } | null | undefined
  if (options?.include_usage === true) events.push({ ...head, choices: [], usage: USAGE })
  return [...events.map((event) => JSON.stringify(event)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
}

function whole(ctx: Context, mock: Mock): object {
  const chat = ctx.call.wire === 'openai.chat'
  const choices = choicesOf(ctx, mock).map(({ index, text, toolCalls, finish }) => ({
    index,
    ...(chat
      ? { message: { role: 'assistant', content: text, ...(toolCalls ? { tool_calls: toolCalls } : {}) } }
      : { text: text ?? '', logprobs: null }),
    finish_reason: finish,
  }))
  return { ...headOf(ctx), object: chat ? 'chat.completion' : 'text_completion', choices, usage: USAGE }
}

function headOf(ctx: Context): { id: string; created: number; model: string } {
  const prefix = ctx.call.wire === 'openai.chat' ? 'chatcmpl' : 'cmpl'
  return { id: `${prefix}-${ctx.id}`, created: Math.floor(ctx.startedAt / 1000), model: ctx.call.model }
}

function choicesOf(ctx: Context, { response, toolCalls }: Mock): Choice[] {
  const given = isAnswer(response) ? firstMessage(response) : { text: textOf(response), toolCalls }
  const finish = given.toolCalls ? 'tool_calls' : 'stop'
  const n = Number(ctx.call.body['n'] ?? 1)
  return Array.from({ length: n }, (_, index) => ({ index, ...given, finish }))
}

/** What a whole mocked answer says, for a client that asked for a stream. */
function firstMessage(answer: Record<string, unknown>): Pick<Choice, 'text' | 'toolCalls'> {
  const [first] = answer['choices'] as {
    message?: { content?: unknown; tool_calls?: ChatToolCall[] }
    text?: unknown
  }[]
  return { text: textOf(first?.message?.content ?? first?.text), toolCalls: first?.message?.tool_calls }
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function embeddings(ctx: Context, mock: unknown): object {
  const { input, encoding_format } = ctx.call.body
  const count = Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1
  const vectors = isVector(mock)
    ? [mock]
    : Array.isArray(mock) && mock.length > 0 && mock.every(isVector)
      ? (mock as number[][])
      : undefined
  if (!vectors)
    throw invalidRequest(
      "Invalid value for 'mock_response': expected a list of numbers, or one for each input.",
      'mock_response',
    )
  const data = Array.from({ length: count }, (_, index) => {
    const vector = vectors[index % vectors.length]!
    return { object: 'embedding', index, embedding: encoding_format === 'base64' ? toBase64(vector) : vector }
  })
  return { object: 'list', data, model: ctx.call.model, usage: { prompt_tokens: 10, total_tokens: 10 } }
}

function images(ctx: Context, mock: unknown): object {
  if (typeof mock !== 'string')
    throw invalidRequest("Invalid value for 'mock_response': expected a URL or base64.", 'mock_response')
  const image = ctx.call.body['response_format'] === 'b64_json' ? { b64_json: mock } : { url: mock }
  const data = Array.from({ length: Number(ctx.call.body['n'] ?? 1) }, () => ({ ...image }))
  return { created: Math.floor(ctx.startedAt / 1000), data }
}

/** A whole answer in the API's own form. */
function isAnswer(value: unknown): value is Record<string, unknown> {
  const answer = value as { choices?: unknown; data?: unknown } | null | undefined
  return typeof value === 'object' && (Array.isArray(answer?.choices) || Array.isArray(answer?.data))
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number')
}

/** OpenAI's base64 form: little-endian 32-bit floats. */
function toBase64(vector: readonly number[]): string {
  const bytes = new DataView(new ArrayBuffer(vector.length * 4))
  for (const [i, value] of vector.entries()) bytes.setFloat32(i * 4, value, true)
  return Buffer.from(bytes.buffer).toString('base64')
}
