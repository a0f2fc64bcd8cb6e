/** An answer that is there as a whole. */
export interface WholeAnswer {
  readonly status: number
  readonly reason: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** The method of a Node response that can write a whole answer by itself (`src/server/direct-response.ts`). */
export const SEND = Symbol('ungate.send')

/** Its method for the parts of a stream, whose head was given by `writeHead`. */
export const WRITE = Symbol('ungate.write')

/** A response that has {@link SEND} and {@link WRITE}. */
export interface DirectSink {
  /** Writes the answer; false where it has to go the usual way, and nothing was written. */
  [SEND](answer: WholeAnswer): boolean
  /** Writes the pieces as one chunk, and the end behind the last; false where it has to go the usual way. */
  [WRITE](pieces: readonly Uint8Array[], last: boolean): boolean
}

/** The same response as one that can write by itself, where it can. */
export function directSink(response: object | undefined): DirectSink | undefined {
  return response !== undefined && SEND in response ? (response as DirectSink) : undefined
}
