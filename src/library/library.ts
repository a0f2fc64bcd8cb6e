import type { Gateway } from '../gateway.ts'
import type { ChatCompletion, EmbeddingList } from '../types/chat.ts'
import type { Answer } from '../types/lifecycle.ts'
import type {
  ChatCompletionChunk,
  Completion,
  CompletionStream,
  ImageList,
  Library,
  PendingStream,
  WithGateway,
} from './types.ts'
import type { LibraryCall } from './run-call.ts'
import { ByteStream } from '../byte-stream.ts'
import { endpointRoutes } from '../endpoints.ts'
import type { EndpointRoute } from '../endpoints.ts'
import { GatewayError } from '../error.ts'
import { withGateway } from './gateway-info.ts'
import { readChunks } from './read-chunks.ts'
import { readErrorBody } from './read-error.ts'
import { readText, runCall } from './run-call.ts'

type GetGateway = () => Promise<Gateway> | Gateway

/**
 * `completion()`, `embedding()` and `imageGeneration()` on one gateway: its aliases, groups, limits, cache and callbacks
 * take part as in a call over HTTP; no port is opened. Calls run with the rights of the process.
 */
export function createLibrary(gateway: Gateway): Library {
  return libraryOn(() => gateway)
}

/** The same on a gateway that is found when the first call comes. */
export function libraryOn(gateway: GetGateway): Library {
  const completion = (params: Readonly<Record<string, unknown>>) =>
    params['stream'] === true
      ? openStream(gateway, params)
      : callJson<ChatCompletion>(gateway, routeOf('openai.chat'), params)
  return {
    completion: completion as Completion,
    embedding: (params) => callJson<EmbeddingList>(gateway, routeOf('openai.embeddings'), params),
    imageGeneration: (params) => callJson<ImageList>(gateway, routeOf('openai.images'), params),
  }
}

async function callJson<T extends object>(
  gateway: GetGateway,
  route: EndpointRoute,
  params: Readonly<Record<string, unknown>>,
): Promise<WithGateway<T>> {
  const call = await runCall(gateway, route, params)
  try {
    const body = parse(await readText(call.answer))
    // Some providers report failures under a status of 200.
    const failure = readErrorBody(body, { provider: call.info.provider })
    if (failure) throw failure
    return withGateway(body as T, call.info)
  } catch (error) {
    throw call.toError(error)
  } finally {
    call.release()
  }
}

/** The stream, to be awaited or iterated at once. */
function openStream(gateway: GetGateway, params: Readonly<Record<string, unknown>>): PendingStream {
  const opened = runCall(gateway, routeOf('openai.chat'), params).then(toStream)
  return Object.assign(opened, { [Symbol.asyncIterator]: () => iterate(opened) })
}

async function* iterate(opened: Promise<CompletionStream>): AsyncGenerator<ChatCompletionChunk, void, undefined> {
  yield* await opened
}

function toStream(call: LibraryCall): CompletionStream {
  const { answer, info, controller, signal } = call
  const body = answer.body instanceof ByteStream ? answer.body : streamOf(answer.body)
  const reader = readChunks(body, {
    errorOf: (event) => {
      const error = readErrorBody(event, { provider: info.provider })
      return error && call.toError(reported(answer) ?? error)
    },
    broken: (error) => call.toError(reported(answer) ?? error),
    onEnd: call.release,
  })
  // `controller.abort()` ends the loop quietly; the caller's own signal is an error, as everywhere.
  const stop = () => reader.stop(signal?.aborted ? signal.reason : undefined)
  if (controller.signal.aborted) stop()
  else controller.signal.addEventListener('abort', stop, { once: true })
  return {
    controller,
    gateway: info,
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = await reader.next()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      async return() {
        reader.stop()
        return { done: true, value: undefined }
      },
    }),
  }
}

/** The gateway's own word on what broke a stream says more than the event in it. */
function reported({ error, target }: Answer): GatewayError | undefined {
  if (!error || error instanceof GatewayError) return error
  const { status, message, type, code, param } = error
  return new GatewayError(status, message, { type, code, param, origin: 'provider', provider: target?.provider.name })
}

function streamOf(body: string | Uint8Array): ByteStream {
  return ByteStream.from(typeof body === 'string' ? new TextEncoder().encode(body) : body)
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below.
  }
  throw new GatewayError(502, 'The answer is not JSON.', { code: 'bad_upstream_answer', origin: 'provider' })
}

function routeOf(wire: EndpointRoute['wire']): EndpointRoute {
  return endpointRoutes.find((route) => route.wire === wire)!
}
