import type { IncomingMessage, ServerResponse } from 'node:http'

/** Node's side of a request, where there is one (types only: nothing of Node is imported at run time). */
export interface NodePair {
  readonly req: IncomingMessage
  readonly res?: ServerResponse | undefined
}
