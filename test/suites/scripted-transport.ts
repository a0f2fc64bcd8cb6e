import type { CreateGatewayOptions } from '@ungate/gateway'

export type Transport = NonNullable<CreateGatewayOptions['transport']>

/** An answer that arrives in exactly these pieces, each in a turn of its own, as network reads do. */
export interface ScriptedAnswer {
  status?: number
  headers?: Record<string, string>
  pieces: readonly Uint8Array[]
}

/** Replaces the network, so that every split is exact: no kernel puts two pieces together. */
export function scriptedTransport(): Transport & { answer: ScriptedAnswer } {
  const transport: Transport & { answer: ScriptedAnswer } = {
    answer: { pieces: [] },
    dispatch(_request, handler) {
      const { status = 200, headers = {}, pieces } = transport.answer
      let paused = false
      let wake: (() => void) | undefined
      let aborted = false
      handler.start({
        pause: () => void (paused = true),
        resume() {
          paused = false
          wake?.()
        },
        abort: () => void (aborted = true),
      })
      const play = async () => {
        await turn()
        if (!aborted) handler.headers(status, headers)
        for (const piece of pieces) {
          await turn()
          while (paused && !aborted) await new Promise<void>((resolve) => (wake = resolve))
          if (aborted) return
          // A copy, as a network read is: nobody may rely on the buffer staying what it was.
          handler.data(piece.slice())
        }
        await turn()
        if (!aborted) handler.end()
      }
      void play()
    },
    close: async () => {},
  }
  return transport
}

/** The bytes cut in two at an offset. */
export function splitAt(bytes: Uint8Array, offset: number): Uint8Array[] {
  return [bytes.subarray(0, offset), bytes.subarray(offset)]
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
