import { ByteStream } from '../../src/index.ts'
import type { Answer, Context } from '../../src/index.ts'
import { assembleStream } from './assemble-stream.ts'

export interface PromptOptions {
  readonly redact: readonly string[]
  /** Characters kept of each text. */
  readonly maxText: number
}

/** What is kept of prompts and answers. */
export interface Prompts {
  /** What was asked; undefined where the caller wants nothing kept. */
  messages(ctx: Context): unknown
  /** Begins to listen to an answer; `take` runs once, when all of it is known, and not before the call is recorded. */
  watch(ctx: Context, answer: Answer): void
  /** What was answered, where that is known at once; `later` gets it otherwise. */
  response(ctx: Context, answer: Answer | undefined, later: (response: unknown) => void): unknown
}

/** Bytes of one stream that are kept. */
const STREAM_BYTES = 1024 * 1024

interface Watched {
  readonly chunks: Uint8Array[]
  size: number
  ended: boolean
  later?: ((response: unknown) => void) | undefined
}

/** On the call itself: a map of calls would keep them longer than they live. */
const WATCHED = Symbol('ledger prompts')
type WatchedContext = Context & { [WATCHED]?: Watched }

/** Reads prompts and answers, shortened and with what `redact` matches taken out. */
export function createPrompts({ redact, maxText }: PromptOptions): Prompts {
  const patterns = redact.map((source) => new RegExp(source, 'g'))

  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return cleanText(value)
    if (Array.isArray(value)) return value.map((item) => clean(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, clean(item)]))
  }
  const cleanText = (value: string): string => {
    let text = value
    for (const pattern of patterns) text = text.replace(pattern, '[redacted]')
    return text.length > maxText ? `${text.slice(0, maxText)}… (${text.length - maxText} more characters)` : text
  }
  const fromStream = (ctx: Context, { chunks }: Watched) =>
    clean(assembleStream(new TextDecoder().decode(Buffer.concat(chunks)), ctx.call.wire))

  const watch = (ctx: Context, body: ByteStream): Watched => {
    const seen: Watched = { chunks: [], size: 0, ended: false }
    ;(ctx as WatchedContext)[WATCHED] = seen
    body.tap({
      write(chunk) {
        if ((seen.size += chunk.length) <= STREAM_BYTES) seen.chunks.push(chunk)
      },
      end() {
        seen.ended = true
        seen.later?.(fromStream(ctx, seen))
      },
    })
    return seen
  }

  return {
    messages(ctx) {
      const { body } = ctx.call
      return isPrivate(ctx) ? undefined : clean(body['messages'] ?? body['input'] ?? body['prompt'])
    },
    watch(ctx, { body }) {
      if (body instanceof ByteStream && !isPrivate(ctx)) watch(ctx, body)
    },
    response(ctx, answer, later) {
      if (!answer || isPrivate(ctx)) return undefined
      const { body, headers } = answer
      if (!(body instanceof ByteStream)) return clean(parse(body, headers['content-type']))
      // One that comes from a cache was watched by nobody yet, and has not begun.
      const seen = (ctx as WatchedContext)[WATCHED] ?? watch(ctx, body)
      if (seen.ended) return fromStream(ctx, seen)
      seen.later = later
      return undefined
    },
  }
}

/** LiteLLM's ways to say that nothing of this call is to be kept. */
function isPrivate({ call }: Context): boolean {
  const { body, headers } = call
  const metadata = body['metadata'] as { 'no-log'?: unknown } | null | undefined
  return (
    body['no-log'] === true ||
    metadata?.['no-log'] === true ||
    headers.get('x-litellm-enable-message-redaction') === 'true'
  )
}

function parse(body: string | Uint8Array, type: string | undefined): unknown {
  if (type !== undefined && !type.includes('json')) return undefined
  try {
    return JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)) as unknown
  } catch {
    return undefined
  }
}
