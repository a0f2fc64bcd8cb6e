import type { Answer } from './types/lifecycle.ts'
import type { Target, UpstreamRequest } from './types/provider.ts'
import type { CallContext } from './context.ts'
import type { Plan } from './upstream.ts'
import type { Transport, TransportControl, TransportHandler } from './transport/types.ts'
import { concat } from './byte-stream.ts'
import { ClientGone } from './read-body.ts'
import { readCoded } from './coded-answer.ts'
import type { CodedAnswer } from './coded-answer.ts'
import { providerError, toProviderError, toStreamError, toTransportError } from './upstream-error.ts'
import { createJsonAnswer } from './json-answer.ts'
import { createStreamAnswer } from './stream-answer.ts'
import type { StreamAnswer } from './stream-answer.ts'

export interface ExchangeInput {
  readonly ctx: CallContext
  readonly target: Target
  readonly plan: Plan
  readonly request: UpstreamRequest
  readonly transport: Transport
}

export type UpstreamHeaders = Record<string, string | string[] | undefined>

/** Error answers are read up to here; no provider says anything useful behind it. */
const ERROR_BODY_LIMIT = 64 * 1024

/**
 * One exchange with a provider: sends the request, tells the client's leaving to the upstream's socket in every phase,
 * keeps the deadlines, and turns what comes back into an Answer. Every attempt is written into `ctx.attempts` once.
 */
export function createExchange(input: ExchangeInput): Promise<Answer> {
  const { ctx, target, plan } = input
  const started = performance.now()
  return new Promise<Answer>((resolve, reject) => {
    let control: TransportControl | undefined
    let status = 0
    let headers: UpstreamHeaders = {}
    let chunks: Uint8Array[] = []
    let errorSize = 0
    let stream: StreamAnswer | undefined
    let coded: CodedAnswer | undefined
    let over = false
    let recorded = false

    const timeOut = () => fail(Object.assign(new Error('timeout'), { code: 'GATEWAY_TIMEOUT' }))
    const deadline = setTimeout(timeOut, plan.timeout.total)
    // A stream has its own patience for the first chunk, not only for the headers before it.
    const first =
      plan.call.stream && plan.timeout.headers < plan.timeout.total
        ? setTimeout(() => stream?.committed() || timeOut(), plan.timeout.headers)
        : undefined

    const record = (error?: string) => {
      if (recorded) return
      recorded = true
      const ms = performance.now() - started
      // A stream's waiting ended with its first byte; the rest is the client's reading time.
      if (!stream?.committed()) ctx.upstreamMs += ms
      ctx.attempts.push({ target: target.id, provider: target.provider.name, status, ms, error })
    }

    const finish = (error?: string): boolean => {
      if (over) return false
      over = true
      clearTimeout(deadline)
      ctx.link.offGone(leave)
      clearTimeout(first)
      record(error)
      return true
    }

    const fail = (reason: unknown) => {
      if (over) return
      const error = toTransportError(target, reason)
      control?.abort()
      finish(error.code ?? error.type)
      if (stream?.committed()) stream.fail(error)
      else reject(error)
    }

    const leave = () => {
      if (!finish('client_disconnected')) return
      control?.abort()
      stream?.body.cancel()
      reject(new ClientGone('The client left'))
    }

    const take = (chunk: Uint8Array) => {
      if (over) return
      if (stream) stream.data(chunk)
      else if (status < 300) chunks.push(chunk)
      else if ((errorSize += chunk.length) <= ERROR_BODY_LIMIT) chunks.push(chunk)
    }

    const done = () => {
      if (over) return
      try {
        if (stream) {
          const failure = stream.end()
          finish(failure)
          return
        }
        if (status >= 300) throw toProviderError(target, status, new TextDecoder().decode(concat(chunks)), headers)
        const answer = createJsonAnswer({ ...input, status, headers, bytes: concat(chunks) })
        if (finish()) resolve(answer)
      } catch (error) {
        chunks = []
        const reason = stream ? toStreamError(target, error) : error
        if (stream?.committed()) fail(reason)
        else if (finish(codeOf(reason))) reject(reason)
      }
    }

    /** An error's status says enough without its body. */
    const unreadable = (why: string) => {
      if (status < 300) return fail(providerError(target, { status: 502, message: why, code: 'bad_upstream_answer' }))
      control?.abort()
      chunks = []
      done()
    }

    const handler: TransportHandler = {
      start(value) {
        control = value
        if (over) control.abort()
      },
      headers(code, received) {
        if (over) return
        status = code
        headers = received
        const coding = received['content-encoding']
        if (coding !== undefined && coding !== 'identity' && (code >= 300 || !passesOn(plan))) {
          coded = readCoded({ coding: String(coding), control: control!, take, done, broken: unreadable })
          control = coded
        }
        if (code === 200 || (code > 200 && code < 300)) {
          stream = createStreamAnswer({
            ...input,
            status: code,
            headers,
            control: control!,
            started,
            commit: resolve,
            leave,
            failed: fail,
            closing: record,
          })
        }
      },
      data(chunk) {
        if (coded) coded.write(chunk)
        else take(chunk)
      },
      end() {
        if (coded) coded.end()
        else done()
      },
      error: fail,
    }

    if (ctx.link.gone) return leave()
    ctx.link.onGone(leave)
    input.transport.dispatch(input.request, handler, { headers: plan.timeout.headers, idle: plan.timeout.idle })
  })
}

/** What the client gets as it is, its encoding included. */
function passesOn({ call, endpoint }: Plan): boolean {
  return call.wire === 'openai.*' && !endpoint.decode
}

function codeOf(error: unknown): string {
  const { code, type } = error as { code?: string | null; type?: string }
  return code ?? type ?? 'error'
}
