import type { H3Event } from 'h3'
import type { Answer } from './types/lifecycle.ts'
import type { HeaderReader } from './types/call.ts'
import type { ErrorShape } from './types/chat.ts'
import type { RunInput } from './types/plugin.ts'
import type { CompiledLifecycle } from './lifecycle.ts'
import type { DirectAnswer, DirectRequest } from './direct-calls.ts'
import type { LogQueue } from './log-queue.ts'
import type { MatchedEndpoint } from './endpoints.ts'
import type { Admission } from './admission.ts'
import type { NodePair } from './node-types.ts'
import type { PriceTable } from './types/prices.ts'
import type { CallSource, ReadCall, RequestLimits } from './read-call.ts'
import { callHeaders, failureHeaders, plainHeaders } from './answer-headers.ts'
import { ByteStream } from './byte-stream.ts'
import { CallContext, ClientLink } from './context.ts'
import { endOfTurn } from './end-of-turn.ts'
import { GatewayError } from './error.ts'
import { gatewayClosed } from './gateway-closed.ts'
import { finishCall } from './finish-call.ts'
import { runGates, runLifecycle } from './lifecycle.ts'
import { ClientGone } from './read-body.ts'
import { WholeSource, readCall, sourceOf, toHeaderReader } from './read-call.ts'
import { toErrorAnswer, toResponse } from './respond.ts'

/** What the books say of a call whose client left before it was answered (nginx's status for it). */
const CLIENT_LEFT: ErrorShape = {
  status: 499,
  message: 'The client left before the answer.',
  type: 'client_disconnected',
  code: 'client_disconnected',
  param: null,
}

/** Bytes. */
const LONG_BODY = 1024 * 1024

/** What of the lifecycle is left out, and how the answer leaves. */
interface Skip {
  readonly auth?: boolean
  readonly route?: boolean
  /** With the other answers of this turn of the event loop. */
  readonly together?: boolean
}

/** A request of any server, or of none. */
interface AnsweredRequest {
  readonly source: CallSource
  readonly link: ClientLink
  readonly together: boolean
  /** The path of a request whose client waits to be asked for the body; absent: it comes anyway. */
  readonly waits: string | undefined
}

/** What calls run with: made once per gateway. */
export interface CallRunner {
  /** Answers an HTTP request to one of the API's paths. */
  handle(event: H3Event, matched: MatchedEndpoint): Promise<Response>
  /** Answers a request that was read whole. */
  answer(request: DirectRequest, matched: MatchedEndpoint): Promise<DirectAnswer>
  /** True where a further call over HTTP would be refused. */
  full(): boolean
  /** The answer to a call that is not taken. */
  refuse(headers: HeaderReader): DirectAnswer
  /** Runs a call that is made in process. */
  run(input: RunInput): Promise<Answer>
  inFlight(): number
  /** Whether there are calls in progress, or some whose bodies are still coming in: these will want their books kept as well. */
  busy(): boolean
}

export interface CallRunnerOptions {
  readonly lifecycle: CompiledLifecycle
  readonly log: LogQueue
  readonly prices: PriceTable
  readonly limits: RequestLimits & { readonly calls: number }
  readonly admission: Admission
  readonly closed: () => boolean
  readonly onError: (where: string, error: unknown) => void
}

export function createCallRunner(options: CallRunnerOptions): CallRunner {
  const { lifecycle, log, prices, limits, admission, closed, onError } = options
  const most = limits.calls
  const books = { record: lifecycle.record, log, prices, onError }
  let inFlight = 0
  let reading = 0

  const finish = (ctx: CallContext, input: Parameters<typeof finishCall>[1]) => {
    if (ctx.settled) return undefined
    inFlight--
    admission.calls--
    return finishCall(ctx, input, books)
  }

  /** Runs a call; its books are closed when the answer is known, or when its stream ends. */
  const execute = async (ctx: CallContext, skip: Skip): Promise<Answer> => {
    inFlight++
    admission.calls++
    try {
      const answer = await runLifecycle(lifecycle, ctx, skip)
      if (!answer)
        throw new Error('A plugin returned nothing from `provider`; it has to return what `next(target)` gives.')
      const { body } = answer
      if (body instanceof ByteStream) {
        body.onFinish((how) => void finish(ctx, { answer, aborted: how === 'cancel' }))
      } else {
        const kept = finish(ctx, { answer, aborted: ctx.link.gone })
        if (kept) await kept
        else if (skip.together) await endOfTurn()
      }
      return answer
    } catch (error) {
      if (!(error instanceof GatewayError) && !(error instanceof ClientGone)) onError('call', error)
      const shape = error instanceof ClientGone ? CLIENT_LEFT : toErrorAnswer(error, ctx.id).shape
      await finish(ctx, { error: shape, aborted: ctx.link.gone })
      throw error
    }
  }

  /** Throws a 401 where the head says already that nobody is admitted; all else is for when the body is there. */
  const checkKey = async ({ source, link }: AnsweredRequest, path: string, id: string): Promise<void> => {
    const { method, search, headers } = source
    const call = { wire: 'gateway.route', method, path, search, model: '', stream: false, body: {}, raw: '', headers }
    try {
      await runGates(lifecycle.auth, new CallContext(id, call, link, []))
    } catch (error) {
      if (error instanceof GatewayError && error.status === 401) throw error
    }
  }

  // Asked before anything is read: refusing must cost next to nothing, or it is what an overloaded process is busy with.
  const full = () => admission.calls >= most || !admission.takes()
  const refuse = (headers: HeaderReader) => admission.refuse(callId(headers.get('x-litellm-call-id')))

  /** The answer to a request, with the headers that it leaves with. Errors are answers too. */
  const answerTo = async (request: AnsweredRequest, matched: MatchedEndpoint): Promise<DirectAnswer> => {
    const { source, link } = request
    const id = callId(source.headers.get('x-litellm-call-id'))
    const startedMs = performance.now()
    let ctx: CallContext | undefined
    reading++
    try {
      if (closed()) throw gatewayClosed()
      checkMethod(source.method, matched.route !== undefined)
      if (request.waits !== undefined) await checkKey(request, request.waits, id)
      const read: ReadCall = await readCall(source, matched, limits)
      ctx = new CallContext(id, read.call, link, read.stripped)
      reading--
      const answer = await execute(ctx, request)
      return { status: answer.status, headers: answer.headers, callHeaders: callHeaders(ctx), body: answer.body }
    } catch (error) {
      if (!ctx) reading--
      if (!ctx && !(error instanceof GatewayError) && !(error instanceof ClientGone)) onError('request', error)
      const { answer } = toErrorAnswer(
        error instanceof ClientGone ? new GatewayError(499, CLIENT_LEFT.message, CLIENT_LEFT) : error,
        id,
      )
      const { status, headers, body } = answer
      return { status, headers, callHeaders: ctx ? failureHeaders(ctx) : plainHeaders(id, startedMs), body }
    }
  }

  return {
    async handle(event, matched) {
      const node = event.runtime?.node as NodePair | undefined
      const together = node !== undefined
      const source = sourceOf(event)
      const waits = node?.req.headers['expect'] === undefined ? undefined : event.url.pathname
      const refused = full()
      const answer = refused
        ? refuse(source.headers)
        : await answerTo({ source, link: linkOf(event), together, waits }, matched)
      const headers = { ...answer.headers, ...answer.callHeaders }
      if (refused && isLong(source.headers)) headers['connection'] = 'close'
      if (node) return toResponse(answer, headers, node)
      try {
        return toResponse(answer, headers, undefined, event.req.signal)
      } catch (error) {
        onError('answer', error)
        const { answer: failed } = toErrorAnswer(error, answer.callHeaders['x-litellm-call-id'] ?? '')
        return toResponse(failed, failed.headers, undefined)
      }
    },
    answer(request, matched) {
      if (full()) return Promise.resolve(refuse(request.headers))
      return answerTo(
        { source: new WholeSource(request), link: request.link, together: true, waits: undefined },
        matched,
      )
    },
    full,
    refuse,
    async run(input) {
      if (closed()) throw gatewayClosed()
      const link = new ClientLink()
      const { signal } = input
      if (signal?.aborted) link.leave()
      else signal?.addEventListener('abort', () => link.leave(), { once: true })
      const { model, stream } = input.body
      const ctx = new CallContext(
        callId(input.headers?.['x-litellm-call-id'] ?? null),
        {
          wire: input.wire,
          method: input.method ?? 'POST',
          path: input.path,
          search: '',
          model: typeof model === 'string' ? model : '',
          stream: stream === true,
          body: input.body,
          raw: JSON.stringify(input.body),
          headers: toHeaderReader(input.headers),
        },
        link,
        input.stripped ?? [],
      )
      ctx.principal = input.principal
      if (input.targets) ctx.targets = input.targets
      const answer = await execute(ctx, { auth: input.principal !== undefined, route: input.targets !== undefined })
      // The same object: a stream's usage and error are written into it while the stream is read.
      answer.headers = { ...answer.headers, ...callHeaders(ctx) }
      return answer
    },
    inFlight: () => inFlight,
    busy: () => inFlight + reading > 0,
  }
}

/** Notices when an HTTP client leaves: by Node's response, or by the web request's signal. */
function linkOf(event: H3Event): ClientLink {
  const node = event.runtime?.node as NodePair | undefined
  if (!node?.res) {
    const link = new ClientLink()
    const { signal } = event.req
    if (signal.aborted) link.leave()
    else signal.addEventListener('abort', () => link.leave(), { once: true })
    return link
  }
  const { res, req } = node
  const link = new ClientLink(req.socket?.remoteAddress)
  res.on('close', () => {
    if (!res.writableFinished) link.leave()
  })
  return link
}

/** Bodies that are not read to their end where nobody wants them: that costs more than another connection. */
function isLong(headers: HeaderReader): boolean {
  return headers.get('transfer-encoding') !== null || Number(headers.get('content-length')) > LONG_BODY
}

/** A caller may name its call; anything that is not a plain id is not taken over into headers and logs. */
function callId(given: string | null): string {
  return given !== null && /^[\w.:-]{1,128}$/.test(given) ? given : crypto.randomUUID()
}

/** What a passed-through path may be asked with. Not TRACE: its answer repeats the request, the provider's key included. */
const PASSED = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

function checkMethod(method: string, known: boolean): void {
  const allowed = known ? ['POST'] : PASSED
  if (allowed.includes(method)) return
  throw new GatewayError(405, `Not allowed to use this method on this endpoint. Use ${allowed.join(', ')}.`, {
    type: 'invalid_request_error',
    code: 'method_not_allowed',
    headers: { allow: allowed.join(', ') },
  })
}
