import type { HeaderReader } from './types/call.ts'
import type { ByteStream } from './byte-stream.ts'
import type { ClientLink } from './context.ts'

/** A POST to one of the API's paths, read whole by the gateway's own server (`src/server/direct/`). */
export interface DirectRequest {
  /** Without a query. */
  readonly path: string
  readonly headers: HeaderReader
  readonly body: Uint8Array
  /** Told by the server when the client leaves before its answer is written. */
  readonly link: ClientLink
}

export interface DirectAnswer {
  readonly status: number
  /** Lower-case names, without those that frame the body. */
  readonly headers: Readonly<Record<string, string>>
  /** The call's own: these go before headers of the same name. */
  readonly callHeaders: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | ByteStream
}

/**
 * The calls of a gateway without h3's and Node's objects for each of them: the same checks, the same lifecycle, the same
 * answers. For paths that h3 would hand to the API anyway.
 */
export interface DirectCalls {
  /** False where h3 has to look: middleware, a plugin's own route, a path that is not the API's. */
  takes(path: string): boolean
  /** True where a further call would be refused, so that nobody has to wait for the rest of its body. */
  full(): boolean
  /** Counts a call that is not taken and answers it. */
  refuse(headers: HeaderReader): DirectAnswer
  /** Never rejects: errors are answers. Only for paths that {@link takes} takes. */
  answer(request: DirectRequest): Promise<DirectAnswer>
}

/** Where a gateway keeps its {@link DirectCalls}: for its own server, not for those who embed it. */
export const DIRECT = Symbol('ungate.direct')

export function directCalls(gateway: object): DirectCalls {
  return (gateway as { [DIRECT]: DirectCalls })[DIRECT]
}
