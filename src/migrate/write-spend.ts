import type { Counters } from '../types/counters.ts'
import type { SpendItem } from './litellm-reading.ts'
import { inParallel } from './in-parallel.ts'

export interface SpendCount {
  /** Counters whose value follows LiteLLM's from now on. */
  readonly changed: number
  readonly unchanged: number
  readonly failed: number
}

export interface WriteSpendOptions {
  readonly counters: Counters
  readonly dryRun: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly onError: (error: unknown) => void
}

/** Begins with what the journal of counters in memory keeps. */
const TAKEN = 'spend:taken:litellm:'
const AT_ONCE = 8
const PER_STEP = 50
const TRIES = 5

/**
 * Brings counters to what LiteLLM has spent, plus what was spent here. How much of a counter came from LiteLLM is kept
 * beside it and moves with it in one atomic step: a second run adds only what LiteLLM spent since, two runs at the same
 * time count nothing twice, and calls that this gateway answers meanwhile are not lost.
 */
export async function writeSpend(items: readonly SpendItem[], options: WriteSpendOptions): Promise<SpendCount> {
  const counts = { changed: 0, unchanged: 0, failed: 0 }
  const groups: SpendItem[][] = []
  for (let at = 0; at < items.length; at += PER_STEP) groups.push(items.slice(at, at + PER_STEP))
  await inParallel(groups, AT_ONCE, async (group) => {
    try {
      const changed = await writeGroup(group, options)
      counts.changed += changed
      counts.unchanged += group.length - changed
    } catch (error) {
      counts.failed += group.length
      options.onError(error)
    }
  })
  return counts
}

/** Returns how many changed. */
async function writeGroup(group: readonly SpendItem[], { counters, dryRun, now }: WriteSpendOptions): Promise<number> {
  const live = group.filter(({ ends }) => ends > now)
  for (let tries = 0; ; tries++) {
    const taken = await counters.get(live.map(({ key }) => TAKEN + key))
    const steps = live.flatMap(({ key, nano, ends }, i) => {
      const by = nano - taken[i]!
      if (by === 0) return []
      const ttlMs = ends - now
      return [
        { key, by, limit: Infinity, ttlMs },
        // Another run that was faster has brought it there already: then this step is refused, and looks again.
        { key: TAKEN + key, by, limit: nano, ttlMs },
      ]
    })
    if (steps.length === 0 || dryRun) return steps.length / 2
    const { ok } = await counters.add(steps)
    if (ok) return steps.length / 2
    if (tries === TRIES) throw new Error('somebody else is writing the same counters')
  }
}
