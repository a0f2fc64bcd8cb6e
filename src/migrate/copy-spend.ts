import type { Cluster, Redis } from 'ioredis'
import type { RedisStore } from '../redis/client.ts'
import type { Counters } from '../types/counters.ts'
import type { JournalEntry } from '../counters/journal.ts'
import { inParallel } from './in-parallel.ts'

/** Where spend is kept: totals whose name begins with `spend:`. */
export interface SpendPlace {
  /** What tells it from other places. */
  readonly id: string
  read(): Promise<readonly JournalEntry[]>
  /** Sets totals to these values. */
  write(entries: readonly JournalEntry[]): Promise<void>
  close(): Promise<void>
}

export interface CopySpendCount {
  readonly changed: number
  readonly unchanged: number
}

const PREFIX = 'spend:'
const AT_ONCE = 8
const PER_STEP = 50

/** Sets every total of spend at `to` to its value at `from`. Doing it again changes nothing; what `from` does not have stays. */
export async function copySpend(from: SpendPlace, to: SpendPlace, dryRun = false): Promise<CopySpendCount> {
  const [entries, there] = await Promise.all([from.read(), to.read()])
  const values = new Map(there.map(({ key, value }) => [key, value]))
  const differing = entries.filter(({ key, value }) => (values.get(key) ?? 0) !== value)
  if (!dryRun) await to.write(differing)
  return { changed: differing.length, unchanged: entries.length - differing.length }
}

/** The journal of a project whose counters are in memory. Its gateway must not run while it is written. */
export async function journalPlace(file: string): Promise<SpendPlace> {
  const { openJournal } = await import('../counters/journal.ts')
  let failure: unknown
  const journal = openJournal(file, { onError: (error) => (failure = error) })
  return {
    id: file,
    read: async () => [...journal.load()],
    async write(entries) {
      if (entries.length > 0) journal.write(entries)
      if (failure !== undefined) throw failure
    },
    close: async () => journal.close(),
  }
}

export interface RedisPlaceInput {
  readonly id: string
  readonly store: RedisStore
  readonly counters: Counters
  /** As the counters have it. */
  readonly prefix: string
  close(): Promise<void>
}

/** Counters in Redis. They may be in use: what is spent while they are written is not lost. */
export function redisPlace({ id, store, counters, prefix, close }: RedisPlaceInput): SpendPlace {
  const head = `{${prefix}}:c:`
  return {
    id,
    async read() {
      const entries: JournalEntry[] = []
      const keys = (await scan(store, `${escapeGlob(head + PREFIX)}*`)).map((key) => key.slice(head.length))
      await inParallel(chunks(keys), AT_ONCE, async (some) => {
        const values = await counters.get(some, 'settled')
        const ends = await Promise.all(some.map((key) => store.run((client) => client.hget(head + key, 'x'))))
        const now = Date.now()
        for (const [i, key] of some.entries()) {
          const expires = Number(ends[i] ?? 0) || Infinity
          if (expires > now && values[i] !== 0) entries.push({ key, value: values[i]!, expires })
        }
      })
      return entries
    },
    async write(entries) {
      await inParallel(chunks(entries), AT_ONCE, async (some) => {
        const now = Date.now()
        const live = some.filter(({ expires }) => expires > now)
        const values = await counters.get(
          live.map(({ key }) => key),
          'settled',
        )
        const ops = live.flatMap(({ key, value, expires }, i) =>
          value === values[i] ? [] : [{ key, by: value - values[i]!, limit: Infinity, ttlMs: expires - now }],
        )
        if (ops.length > 0) await counters.add(ops)
      })
    },
    close,
  }
}

async function scan({ client, run }: RedisStore, pattern: string): Promise<string[]> {
  const keys: string[] = []
  for (const node of nodesOf(client)) {
    let cursor = '0'
    do {
      const [next, some] = await run(() => node.scan(cursor, 'MATCH', pattern, 'COUNT', 1000))
      cursor = next
      keys.push(...some)
    } while (cursor !== '0')
  }
  return [...new Set(keys)]
}

function nodesOf(client: Redis | Cluster): readonly Redis[] {
  return 'nodes' in client ? client.nodes('master') : [client]
}

function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&')
}

function chunks<T>(list: readonly T[]): (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / PER_STEP) }, (_, i) =>
    list.slice(i * PER_STEP, (i + 1) * PER_STEP),
  )
}
