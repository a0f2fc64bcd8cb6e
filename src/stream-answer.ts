import type { Answer } from './types/lifecycle.ts'
import type { ErrorShape } from './types/chat.ts'
import type { ExchangeInput, UpstreamHeaders } from './exchange.ts'
import type { TransportControl } from './transport/types.ts'
import type { Usage } from './types/call.ts'
import { GatewayError } from './error.ts'
import { answerHeaders } from './answer-headers.ts'
import { keepAlive } from './heartbeat.ts'
import { ByteStream } from './byte-stream.ts'
import { providerError, toStreamError } from './upstream-error.ts'
import { createStreamPipe } from './stream-pipe.ts'
import { estimateInputTokens } from './usage.ts'

export interface StreamAnswerInput extends ExchangeInput {
  readonly status: number
  readonly headers: UpstreamHeaders
  readonly control: TransportControl
  readonly started: number
  /** Hands the answer over, at its first byte. */
  commit(answer: Answer): void
  /** The last bytes are about to leave, or an error was reported: the attempt's record is complete. */
  closing(error?: string): void
  /** The reader left. */
  leave(): void
  /** What arrived could not be read, or reported an error: ends the exchange. */
  failed(error: unknown): void
}

export interface StreamAnswer {
  readonly body: ByteStream
  /** The answer has been handed over: from here on, errors are events. */
  committed(): boolean
  /** Milliseconds from the request to the first byte. */
  waitedMs(): number | undefined
  data(chunk: Uint8Array): void
  /** Returns the code of an error that the stream itself reported. Throws where nothing was sent yet. */
  end(): string | undefined
  fail(error: GatewayError): void
}

/** Of text, in most languages. */
const BYTES_PER_TOKEN = 4
const PING = new TextEncoder().encode(': ping\n\n')

/**
 * An answer that is sent on while it arrives; undefined where the whole answer is collected instead. What the transport
 * brings at once is handled and written at once: system calls, not parsing, are what a stream costs.
 */
export function createStreamAnswer(input: StreamAnswerInput): StreamAnswer | undefined {
  const { ctx, target, plan } = input
  const type = String(input.headers['content-type'] ?? '')
  const pipe = createStreamPipe(input, type)
  if (!pipe) return undefined

  const body = new ByteStream({
    pause: () => input.control.pause(),
    resume: () => input.control.resume(),
    cancel() {
      answer.usage = cut()
      input.leave()
    },
  })
  const counts = pipe.generated() !== undefined
  // All in one literal: V8 lets go of no call whose object gets a closure later.
  const answer: Answer = {
    status: input.status,
    headers: {},
    body,
    target,
    usage: undefined,
    error: undefined,
    ttftMs: undefined,
    progress: counts ? () => Math.ceil(pipe.generated()! / BYTES_PER_TOKEN) : undefined,
    // Later: whoever watches the stream is inside of a write.
    stop: counts
      ? (shape) => queueMicrotask(() => input.failed(new GatewayError(shape.status, shape.message, shape)))
      : undefined,
  }
  let committed = false
  let waitedMs: number | undefined
  let ended = false
  const beating = {
    sentAt: 0,
    beat() {
      if (body.cancelled) stopBeating?.()
      else if (!pipe.midEvent()) body.push(PING)
    },
  }
  let stopBeating: (() => void) | undefined

  const commit = () => {
    committed = true
    waitedMs = performance.now() - input.started
    ctx.upstreamMs += waitedMs
    answer.headers = { ...answerHeaders(ctx, target, input.headers), ...pipe.headers }
    answer.ttftMs = performance.now() - ctx.startedMs
    if (pipe.events && plan.heartbeat > 0) stopBeating = keepAlive(beating, plan.heartbeat)
    input.commit(answer)
  }

  /** What a stream that ended without its usage is accounted with: the text that was asked with and what was generated. */
  const estimated = (): Usage | undefined => {
    const output = answer.progress?.()
    if (!committed || output === undefined) return undefined
    return { input: estimateInputTokens(ctx.call), output, estimated: true }
  }

  /**
   * What a stream that did not come to its end is accounted with: the usage that was told last is of what had been generated
   * by then. Anthropic tells one at the beginning.
   */
  const cut = (): Usage | undefined => {
    const told = pipe.usage()
    if (!told) return estimated()
    const uncounted = pipe.uncounted()
    if (uncounted === 0) return told
    const more = Math.ceil(uncounted / BYTES_PER_TOKEN)
    const output = uncounted === pipe.generated() ? Math.max(told.output, more) : told.output + more
    return { ...told, output, estimated: true }
  }

  /** Closes the books before the last bytes leave. */
  const close = (error?: string) => {
    stopBeating?.()
    answer.usage ??= estimated()
    input.closing(error)
    body.finishing()
  }

  const send = (pieces: readonly Uint8Array[], last: boolean) => {
    if (pieces.length === 0) return
    if (!committed) commit()
    answer.usage = ended ? cut() : pipe.usage()
    if (last) close(answer.error?.code ?? undefined)
    beating.sentAt = performance.now()
    for (const piece of pieces) body.push(piece)
  }

  /** An error among the events. Where nothing was said before it, it is the answer, and may be retried elsewhere. */
  const takeReport = (reported: ErrorShape) => {
    const error = providerError(target, reported)
    if (!committed && pipe.generated() === 0) throw error
    answer.error = error
  }

  const endWith = (shape: ErrorShape, pieces: readonly Uint8Array[]): string => {
    ended = true
    answer.error = shape
    const code = shape.code ?? shape.type ?? 'error'
    input.closing(code)
    send(pieces, true)
    close(code)
    body.end()
    return code
  }

  const take = (bytes: Uint8Array) => {
    if (ended || body.cancelled) return
    const out = pipe.push(bytes)
    const failure = pipe.failure()
    if (failure) {
      // Nothing sent yet: a normal error answer, which may still be retried elsewhere.
      if (committed) send(out, false)
      throw providerError(target, failure)
    }
    const reported = answer.error ? undefined : pipe.reported()
    if (reported) {
      takeReport(reported)
    }
    send(out, pipe.done())
  }

  return {
    body,
    committed() {
      return committed
    },
    waitedMs() {
      return waitedMs
    },
    data(chunk) {
      try {
        take(chunk)
      } catch (error) {
        // At once: an upstream that has reported its failure may send nothing more, and not end either.
        input.failed(toStreamError(target, error))
      }
    },
    end() {
      if (ended) return answer.error?.code ?? undefined
      const tail = pipe.end()
      const failure = pipe.failure()
      if (failure) {
        const error = providerError(target, failure)
        if (!committed) throw error
        return endWith(error, [...tail, ...pipe.fail(error)])
      }
      const reported = pipe.reported()
      if (reported && !answer.error) takeReport(reported)
      send(tail, true)
      if (!committed) {
        if (!pipe.mayBeEmpty) {
          throw providerError(target, {
            status: 502,
            message: 'ended its stream before it began',
            code: 'bad_upstream_answer',
          })
        }
        commit()
      }
      ended = true
      answer.usage = pipe.usage() ?? answer.usage
      close(answer.error?.code ?? undefined)
      body.end()
      return answer.error?.code ?? undefined
    },
    fail(error) {
      if (ended) return
      const pieces = pipe.fail(error)
      if (pieces.length > 0) endWith(error, pieces)
      else {
        answer.error = error
        answer.usage = cut()
        close(error.code ?? error.type)
        body.fail(error)
      }
    },
  }
}
