import type { Call, ChatSink, ErrorShape, Target, Translation } from '../../../src/index.ts'
import { GatewayError } from '../../../src/index.ts'
import ollama from '../../../providers/ollama/index.ts'

export interface Setup {
  options?: Record<string, unknown>
  /** Note what cannot be carried instead of refusing it. */
  drop?: boolean
  wire?: 'openai.chat' | 'openai.completions' | 'openai.embeddings'
}

export function makeProvider(options: Record<string, unknown> = {}) {
  return ollama.setup(ollama.options.parse(options))
}

export function makeTarget(options: Record<string, unknown> = {}): Target {
  return {
    id: 'ollama-1',
    group: 'llama',
    model: 'llama3.2',
    provider: { name: 'ollama', ...makeProvider(options) },
    deployment: {
      id: 'ollama-1',
      name: 'llama',
      provider: 'ollama',
      model: 'llama3.2',
      options,
      info: {},
      source: 'test',
    },
  }
}

export function makeCall(body: Record<string, unknown>, wire: Setup['wire'] = 'openai.chat'): Call {
  return {
    wire,
    method: 'POST',
    path: wire === 'openai.chat' ? '/chat/completions' : wire === 'openai.completions' ? '/completions' : '/embeddings',
    search: '',
    model: 'llama',
    stream: body['stream'] === true,
    body,
    raw: JSON.stringify(body),
    headers: { get: () => null },
  }
}

/** Encodes a request; returns the upstream's body and what was dropped. */
export async function encode(body: Record<string, unknown>, setup: Setup = {}) {
  const target = makeTarget(setup.options)
  const dropped: string[] = []
  const translation: Translation = {
    target,
    unsupported(param) {
      if (setup.drop !== true) throw new GatewayError(400, `no ${param}`, { param, code: 'unsupported_parameter' })
      dropped.push(param)
    },
  }
  const wire = setup.wire ?? 'openai.chat'
  const request = await target.provider.endpoints[wire]!.encode(makeCall(body, wire), translation)
  return { request, body: JSON.parse(request.body as string) as Record<string, unknown>, dropped }
}

/** The error that encoding ends with, as `status code param`. */
export async function refusal(body: Record<string, unknown>, setup: Setup = {}): Promise<string> {
  try {
    await encode(body, setup)
  } catch (error) {
    if (error instanceof GatewayError) return `${error.status} ${error.code} ${error.param}`
    throw error
  }
  return 'accepted'
}

export type Written =
  | { text: string }
  | { reasoning: string }
  | { delta: Record<string, unknown> }
  | { finish: string }
  | { usage: unknown }
  | { fail: ErrorShape }

/** A sink that keeps what it is given. */
export function makeSink(): { sink: ChatSink; written: Written[] } {
  const written: Written[] = []
  return {
    written,
    sink: {
      text: (text) => void written.push({ text }),
      reasoning: (reasoning) => void written.push({ reasoning }),
      delta: (delta) => void written.push({ delta }),
      finish: (finish) => void written.push({ finish }),
      usage: (usage) => void written.push({ usage }),
      fail: (fail) => void written.push({ fail }),
    },
  }
}
