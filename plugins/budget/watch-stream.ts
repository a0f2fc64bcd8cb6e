import { GatewayError, addWhenAway } from '../../src/index.ts'
import type { Answer, ByteStream } from '../../src/index.ts'
import { toLeases } from './call-state.ts'
import type { CallState } from './call-state.ts'
import { holdsNow } from './limits-now.ts'
import { refuse } from './reserve.ts'
import type { Desk } from './reserve.ts'
import type { WorstCase } from './worst-case.ts'

/** More is asked for when this share of what is covered has been written, so that the stream need not wait for it. */
const EARLY = 0.8
const LEAST_STEP = 512
/** Tokens for which it is not worth asking again. */
const TOO_LITTLE = 32

/**
 * Watches a stream whose length nobody has limited: extends its reservation in steps, and ends it where a budget has no
 * more. One comparison per write where the answer tells its progress.
 */
export function watchStream(
  desk: Desk,
  state: CallState,
  { answer, body, worst }: { answer: Answer; body: ByteStream; worst: WorstCase },
): void {
  if (!answer.progress) return
  const { outputRate } = worst
  let covered = worst.outputTokens
  let refusal: GatewayError | undefined
  let asking = false
  let over = false

  const ask = async () => {
    const wanted = Math.max(LEAST_STEP, Math.ceil(covered / 2))
    const got = await extend(desk, state, { tokens: wanted, rate: outputRate })
    covered += got.tokens
    refusal = got.refusal
  }
  const stop = () => {
    if (over || !refusal || desk.options.streams === 'finish') return
    over = true
    const { status, message, type, code } = refusal
    answer.stop?.({ status, message, type, code: code ?? 'budget_exceeded' })
  }

  body.tap({
    write() {
      if (over || asking) return
      const tokens = answer.progress!()
      if (refusal) {
        // Not within the write that is being watched: the reason comes behind it.
        if (tokens >= covered) desk.track(Promise.resolve().then(stop))
        return
      }
      if (tokens < covered * EARLY) return
      asking = true
      desk.track(
        ask()
          .catch((error: unknown) => {
            if (!(error instanceof GatewayError)) throw error
            refusal = error
          })
          .finally(() => {
            asking = false
            if (!over && refusal && answer.progress!() >= covered) stop()
          }),
      )
    },
    end() {
      over = true
    },
  })
}

interface Extension {
  readonly tokens: number
  /** Set where there is no more to be had. */
  readonly refusal: GatewayError | undefined
}

/** Reserves some more tokens, or the fewer that a budget still has. */
async function extend(
  desk: Desk,
  state: CallState,
  { tokens, rate }: { tokens: number; rate: number },
): Promise<Extension> {
  const holds = await holdsNow(desk, state)
  if (!state.listed) return { tokens: 0, refusal: undefined }
  for (let wanted = tokens; ;) {
    const amount = state.reserved + Math.ceil(wanted * rate)
    const ops = toLeases(holds, state.leaseId, amount)
    const step = await addWhenAway(desk.gateway.counters, ops, desk.options.whenAway)
    // The call may have ended meanwhile: what was just taken anew would stay.
    if (!state.listed) {
      if (step?.ok) await desk.gateway.counters.settle(ops.map(({ key, leaseId }) => ({ key, leaseId, by: 0 })))
      return { tokens: 0, refusal: undefined }
    }
    if (!step) return { tokens: wanted, refusal: undefined }
    if (step.ok) {
      state.reserved = amount
      state.holds = holds
      return { tokens: wanted, refusal: undefined }
    }
    const hold = holds[step.failed]!
    const value = step.values[step.failed]!
    const left = Math.floor((hold.limit - value) / rate)
    if (left < TOO_LITTLE || left >= wanted) {
      return { tokens: 0, refusal: await refuse(desk, state, { hold, wanted: amount, value: value - state.reserved }) }
    }
    wanted = left
  }
}
