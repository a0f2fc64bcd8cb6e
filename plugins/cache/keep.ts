import type { Answer, Context, Target } from '../../src/index.ts'
import { ByteStream } from '../../src/index.ts'
import type { Entry } from './store.ts'

export interface KeepInput {
  readonly ctx: Context
  /** The target that was asked first. */
  readonly target: Target
  readonly answer: Answer
  /** Seconds. */
  readonly ttl: number
  /** Bytes: longer answers are not kept. */
  readonly maxBytes: number
  keep(entry: Entry): void
}

const HEADERS = [
  'content-type',
  'cache-control',
  'x-accel-buffering',
  'x-litellm-model-id',
  'x-litellm-model-group',
  'x-litellm-model-api-base',
]
/** Sent in silent times; a kept answer has none. */
const PING = ': ping\n\n'
const DONE = /data: ?\[DONE\]\s*$/
/** Some providers report failures under a status of 200. */
const ERROR = /^(data: ?)?\s*\{\s*"error"\s*:(?!\s*null)/m

/** Makes an entry of a good answer: at once, or when its stream has come to its end. Anything else is not kept. */
export function keepAnswer(input: KeepInput): void {
  const { ctx, target, answer, maxBytes } = input
  // A stand-in's answer is for this call alone.
  if (answer.status !== 200 || answer.target?.group !== target.group || answer.target.fallbackFor !== undefined) return
  const { body } = answer
  if (body instanceof ByteStream) {
    // Of other streams no end mark says that they are whole.
    if (ctx.call.wire === 'openai.chat' || ctx.call.wire === 'openai.completions') keepStream(input, body)
  } else if (body.length > 0 && body.length <= maxBytes && /json/.test(answer.headers['content-type'] ?? '')) {
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
    if (!ERROR.test(text)) input.keep(toEntry(input, text))
  }
}

function keepStream(input: KeepInput, body: ByteStream): void {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  body.tap({
    write(chunk) {
      size += chunk.length
      if (size > input.maxBytes) text = ''
      else text += decoder.decode(chunk, { stream: true })
    },
    end() {
      // A reader that leaves behind the end mark has read all; one that leaves before it has broken the answer off.
      if (size > input.maxBytes || input.answer.error || !DONE.test(text) || ERROR.test(text)) return
      input.keep(toEntry(input, text.replaceAll(PING, '')))
    },
  })
}

function toEntry({ answer, ttl }: KeepInput, body: string): Entry {
  const at = Date.now()
  const headers: Record<string, string> = {}
  for (const name of HEADERS) if (answer.headers[name] !== undefined) headers[name] = answer.headers[name]
  return { at, until: at + ttl * 1000, headers, body, ...(answer.usage ? { usage: answer.usage } : {}) }
}
