import type { ByteStream } from '../byte-stream.ts'
import type { ChatCompletionChunk } from './types.ts'
import { GatewayError } from '../error.ts'
import { createSseParser } from '../sse.ts'

/** Pulls the chunks of a streamed answer one by one. */
export interface ChunkReader {
  /** The next chunk; undefined at the end. Rejects once where the stream broke. */
  next(): Promise<ChatCompletionChunk | undefined>
  /** Nobody wants the rest: closes the provider's connection. With a reason, `next` rejects with it. */
  stop(reason?: unknown): void
}

export interface ReadChunksOptions {
  /** The error that an event says, if it says one. */
  errorOf(event: unknown): unknown
  /** The stream broke without a word. */
  broken(error: unknown): unknown
  /** Runs once, when nothing more will come. */
  onEnd(): void
}

/** Chunks that wait for a slow reader before the provider is paused. */
const QUEUE = 64

/** Reads server-sent chunks from an answer's bytes, with backpressure: a reader that pauses pauses the provider. */
export function readChunks(body: ByteStream, options: ReadChunksOptions): ChunkReader {
  const queue: ChatCompletionChunk[] = []
  let attached = false
  let over = false
  let whole = false
  let finished = false
  let failure: { error: unknown } | undefined
  let wake: (() => void) | undefined

  const finish = (failed?: { error: unknown }) => {
    if (over) return
    over = true
    failure = failed
    options.onEnd()
    wake?.()
  }
  const parser = createSseParser(({ data }) => {
    if (over || whole) return
    if (data === '[DONE]') {
      whole = true
      wake?.()
      return
    }
    const chunk = JSON.parse(data) as ChatCompletionChunk
    const error = options.errorOf(chunk)
    if (error !== undefined) throw Object.assign(new Error('reported'), { error })
    if (chunk.choices?.some((choice) => choice.finish_reason)) finished = true
    queue.push(chunk)
    wake?.()
  })
  const guard = (work: () => void) => {
    try {
      work()
    } catch (thrown) {
      const reported = (thrown as { error?: unknown }).error
      finish({ error: reported ?? options.broken(unreadable(thrown)) })
      // Later, so that a stream which ends with its error ends as it wants to.
      queueMicrotask(() => body.cancel())
    }
  }
  const attach = () => {
    attached = true
    body.read({
      write(bytes) {
        if (!over) guard(() => parser.push(bytes))
        return queue.length < QUEUE
      },
      end() {
        guard(() => parser.end())
        finish(whole || finished ? undefined : { error: options.broken(incomplete()) })
      },
      destroy: (error) => finish({ error: options.broken(error) }),
    })
  }

  return {
    async next() {
      if (!attached) attach()
      while (queue.length === 0 && !whole && !over) await new Promise<void>((resolve) => (wake = resolve))
      wake = undefined
      const chunk = queue.shift()
      if (chunk) {
        if (queue.length === 0 && !over) body.resume()
        return chunk
      }
      const failed = failure
      failure = undefined
      if (failed) throw failed.error
      return undefined
    },
    stop(reason) {
      if (over) return
      queue.length = 0
      finish(reason === undefined ? undefined : { error: reason })
      body.cancel()
    },
  }
}

/** Neither an end mark nor a finish reason came: what was read so far is not the answer. */
function incomplete(): GatewayError {
  return new GatewayError(502, 'The stream ended before the answer did.', {
    type: 'api_connection_error',
    code: 'stream_incomplete',
    origin: 'provider',
  })
}

function unreadable(cause: unknown): GatewayError {
  return new GatewayError(502, 'The provider sent a stream that could not be read.', {
    type: 'api_error',
    code: 'bad_upstream_answer',
    origin: 'provider',
    cause,
  })
}
