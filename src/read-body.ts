import { concat } from './byte-stream.ts'
import { GatewayError } from './error.ts'

/** The parts of Node's IncomingMessage that reading a body needs. */
export interface NodeBody {
  readonly headers: Record<string, string | string[] | undefined>
  readonly complete: boolean
  readonly readableEnded: boolean
  readonly destroyed: boolean
  body?: unknown
  on(event: string, listener: (value: never) => void): unknown
  off(event: string, listener: (value: never) => void): unknown
  pause(): unknown
  resume(): unknown
}

/** The client left while its body was read: nobody is there to be answered. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/** 413 in OpenAI's dialect. */
export function bodyTooLarge(limit: number): GatewayError {
  return new GatewayError(413, `The request body is larger than ${limit} bytes.`, {
    type: 'invalid_request_error',
    code: 'request_too_large',
    headers: { connection: 'close' },
  })
}

/**
 * Reads a Node request's body. Too large is known from `content-length` before a byte is buffered, and otherwise as soon
 * as the limit is crossed. A body that a framework in front has parsed already (`express.json()`) is taken from there.
 */
export function readNodeBody(request: NodeBody, limit: number): Promise<Uint8Array> {
  const length = Number(request.headers['content-length'])
  if (length > limit) return Promise.reject(bodyTooLarge(limit))
  if (request.readableEnded) return takeRead(request)
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    let over = false
    const onGone = () => {
      if (!over) reject(new ClientGone('The client left'))
    }
    if (request.destroyed && !request.complete) return onGone()
    // The listeners stay: they end with the request, and taking them off costs as much as reading a short body.
    request.on('data', (chunk: Uint8Array) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else {
        over = true
        chunks.length = 0
        request.pause()
        reject(bodyTooLarge(limit))
      }
    })
    request.on('end', () => {
      over = true
      resolve(concat(chunks))
    })
    request.on('error', onGone)
    request.on('close', onGone)
  })
}

/** Reads a web request's body with the same limit. */
export async function readWebBody(request: Request, limit: number): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length')) > limit) throw bodyTooLarge(limit)
  if (request.bodyUsed) throw readAlready()
  const reader = request.body?.getReader()
  if (!reader) return new Uint8Array()
  const { signal } = request
  // Nothing else ends the wait for the rest of a body whose sender has left.
  const leave = () => void reader.cancel(signal.reason).catch(() => {})
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  const chunks: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (signal.aborted) throw new ClientGone('The client left')
    if (done) {
      signal.removeEventListener('abort', leave)
      return concat(chunks)
    }
    size += value.length
    if (size > limit) {
      void reader.cancel().catch(() => {})
      throw bodyTooLarge(limit)
    }
    chunks.push(value)
  }
}

/** A body that was read before: what a framework made of it, or nothing where there was none. Waiting would never end. */
async function takeRead({ headers, body }: NodeBody): Promise<Uint8Array> {
  if (body !== undefined) return fromParsed(body)
  if (headers['transfer-encoding'] === undefined && !Number(headers['content-length'])) return new Uint8Array()
  throw readAlready()
}

/** The client did nothing wrong: it is told of an internal error, and the app's log what to do. */
function readAlready(): Error {
  return new Error(
    'the body was read before the gateway got the request. Mount the gateway before what reads bodies, or leave the parsed body in `request.body` of the Node request.',
  )
}

function fromParsed(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
}
