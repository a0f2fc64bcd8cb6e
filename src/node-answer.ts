import { FastResponse } from 'srvx'
import { checkStatus, isBodiless, lineOf } from './answer-rules.ts'
import { ByteStream } from './byte-stream.ts'

type Body = ConstructorParameters<typeof Response>[0]

/** What srvx writes to a Node response. */
interface NodeForm {
  status: number
  statusText: string
  /** Names and values in turn. */
  headers: string[]
  body: unknown
}

/** The part of srvx's response that is overridden: its types do not tell of it. */
declare class NodeBase {
  constructor(body: Body, init: ResponseInit)
  get headers(): Headers
  clone(): Response
  _toNodeResponse(): NodeForm
}
const Base = FastResponse as unknown as typeof NodeBase

/** The part of a Node `ServerResponse` that a whole body is sent to. */
interface NodeWritable {
  end(body: string | Uint8Array): unknown
}

/**
 * A body that ends its response in one call, by the duck type that srvx pipes: by `write` and `end`, which is its way with
 * bytes, Node makes two writes of it.
 */
class WholeBody {
  readonly #body: string | Uint8Array

  constructor(body: string | Uint8Array) {
    this.#body = body
  }

  pipe(response: NodeWritable): NodeWritable {
    response.end(this.#body)
    return response
  }

  /** srvx's name for a reader that left. */
  abort(): void {}
}

export interface NodeAnswerInit {
  readonly status: number
  readonly statusText: string
  /** Lower-case names. */
  readonly headers: Record<string, string>
}

/**
 * An answer on its way to a Node response: its headers become what Node takes in one go, instead of entries that are put
 * into lower case and copied. Middleware that looks at the headers, and may change them, gets the usual way.
 */
export class NodeAnswer extends Base {
  readonly #body: unknown
  readonly #init: NodeAnswerInit
  #seen = false

  constructor(body: unknown, init: NodeAnswerInit) {
    super(body as Body, init)
    this.#body = body
    this.#init = init
  }

  override get headers(): Headers {
    this.#seen = true
    return super.headers
  }

  override clone(): Response {
    this.#seen = true
    return super.clone()
  }

  override _toNodeResponse(): NodeForm {
    const body = this.#body
    const text = typeof body === 'string'
    const bytes = body instanceof Uint8Array
    if (this.#seen || (!text && !bytes && !(body instanceof ByteStream))) return super._toNodeResponse()
    const { status, statusText } = this.#init
    const raw = this.#head()
    if (!text && !bytes) return { status, statusText, headers: raw, body }
    if (!isBodiless(status)) raw.push('content-length', String(text ? Buffer.byteLength(body) : body.length))
    return { status, statusText, headers: raw, body: new WholeBody(body) }
  }
  /** Names and values in turn. Throws where they could not be written: srvx answers with a 500, and knows of no stream. */
  #head(): string[] {
    const { status, headers } = this.#init
    const raw: string[] = []
    try {
      checkStatus(status)
      for (const name in headers) if (lineOf(name, headers[name]!) !== '') raw.push(name, headers[name]!)
    } catch (error) {
      if (this.#body instanceof ByteStream) this.#body.cancel()
      throw error
    }
    if (headers['connection']?.toLowerCase() === 'close') raw.push('connection', 'close')
    return raw
  }
}
