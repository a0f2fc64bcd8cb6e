import type { Call, ChatSink, ChatUsage, ErrorShape, Target, Translation } from '../../../src/index.ts'
import { GatewayError } from '../../../src/index.ts'
import gemini from '../../../providers/gemini/index.ts'

/** Models of three generations: before thinking, with budgets, with levels. */
export const FLASH_2 = 'gemini-2.0-flash'
export const FLASH_25 = 'gemini-2.5-flash'
export const FLASH_3 = 'gemini-3-flash-preview'

export const KEY = 'test-key-0123456789'

export interface Setup {
  model?: string
  options?: Record<string, unknown>
  /** Note what cannot be carried instead of refusing it. */
  drop?: boolean
  wire?: 'openai.chat' | 'openai.embeddings' | 'gemini.generate'
  call?: Partial<Call>
}

export function makeProvider(options: Record<string, unknown> = {}) {
  return gemini.setup(gemini.options.parse({ apiKey: KEY, ...options }))
}

export function makeTarget({ model = FLASH_25, options = {} }: Setup = {}): Target {
  const provider = { name: 'gemini', ...makeProvider(options) }
  const deployment = { id: 'one', name: 'public', provider: 'gemini', model, options, info: {}, source: 'test' }
  return { id: 'one', group: 'public', model, provider, deployment }
}

export function makeCall(body: Record<string, unknown> = {}, over: Partial<Call> = {}): Call {
  return {
    wire: 'openai.chat',
    method: 'POST',
    path: '/chat/completions',
    search: '',
    model: 'public',
    stream: body['stream'] === true,
    body,
    raw: JSON.stringify(body),
    headers: { get: () => null },
    ...over,
  }
}

/** Encodes a request; returns what is sent, its body, and what was dropped. */
export async function encode(body: Record<string, unknown>, setup: Setup = {}) {
  const target = makeTarget(setup)
  const dropped: string[] = []
  const translation: Translation = {
    target,
    unsupported(param) {
      if (setup.drop !== true) throw new GatewayError(400, `no ${param}`, { param, code: 'unsupported_parameter' })
      dropped.push(param)
    },
  }
  const endpoint = target.provider.endpoints[setup.wire ?? 'openai.chat']!
  const request = await endpoint.encode(makeCall(body, setup.call), translation)
  return { request, body: JSON.parse((request.body as string) ?? '{}') as Record<string, unknown>, dropped }
}

const asked = { messages: [{ role: 'user', content: 'Hi' }] }

/** What a request with these fields, besides one message, is sent as (without `contents`). */
export async function encodeFields(fields: Record<string, unknown>, setup: Setup = {}) {
  const { contents: _contents, ...rest } = (await encode({ ...asked, ...fields }, setup)).body
  return rest
}

/** The contents that these messages become. */
export async function encodeMessages(messages: unknown, setup: Setup = {}) {
  return (await encode({ messages }, setup)).body['contents']
}

/** The error that encoding ends with, as `status code param`. */
export async function refusal(fields: Record<string, unknown>, setup: Setup = {}): Promise<string> {
  try {
    await encode({ ...(setup.wire === 'openai.embeddings' ? {} : asked), ...fields }, setup)
  } catch (error) {
    if (error instanceof GatewayError) return `${error.status} ${error.code} ${error.param}`
    throw error
  }
  return 'accepted'
}

export type Written =
  | { text: string; choice: number }
  | { reasoning: string; choice: number }
  | { delta: Record<string, unknown>; choice: number }
  | { finish: string; choice: number }
  | { usage: ChatUsage }
  | { fail: ErrorShape }

/** A sink that keeps what it is given. */
export function makeSink(): { sink: ChatSink; written: Written[] } {
  const written: Written[] = []
  return {
    written,
    sink: {
      text: (text, choice = 0) => void written.push({ text, choice }),
      reasoning: (reasoning, choice = 0) => void written.push({ reasoning, choice }),
      delta: (delta, choice = 0) => void written.push({ delta, choice }),
      finish: (finish, choice = 0) => void written.push({ finish, choice }),
      usage: (usage) => void written.push({ usage }),
      fail: (fail) => void written.push({ fail }),
    },
  }
}
