import { createHash, randomUUID } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import type { CounterOp, CounterResult, Counters, Settlement, SettleResult } from '../types/counters.ts'
import type { RedisStore } from '../redis/client.ts'
import { logger } from '../logger.ts'
import { createBatch } from './batch.ts'
import { checkOps, checkSettlements } from './check-ops.ts'
import { ADD, READ, SETTLE } from './redis-scripts.ts'
import { StoreAway } from './store-away.ts'

export interface RedisCountersOptions {
  /** Before every key, as a hash tag: all counters are in one slot of a cluster, so that a step is atomic. Default `ungate`. */
  readonly prefix?: string | undefined
  /** Settlements kept while Redis is away; further ones are lost, with an error in the log. Default 100,000. */
  readonly maxPending?: number | undefined
}

interface Script {
  readonly lua: string
  readonly sha: string
}

const SCRIPTS = { add: toScript(ADD), settle: toScript(SETTLE), read: toScript(READ) }
const PENDING_AT_ONCE = 32
/** Operations or settlements of several calls that go together. */
const TOGETHER = 100
/** Answers whose settlements are told to Redis with one step, so that it forgets them. */
const HEARD_AT_ONCE = 100
/** One call of `settle`. What has no lease is told apart by a number: an answer that was lost must not make it count twice. */
interface Step {
  readonly settlements: readonly Settlement[]
  readonly number: number
}

/** How far our picture of Redis' clock may be off. */
const CLOCK_MS = 5

/**
 * Counters in Redis (6.2 or newer, Valkey), exact over any number of nodes. A step is one Lua script and one round trip. A step
 * that Redis gets to only after the caller gave up changes nothing.
 */
export function createRedisCounters(redis: RedisStore, options: RedisCountersOptions = {}): Counters {
  const tag = `{${options.prefix ?? 'ungate'}}`
  const maxPending = options.maxPending ?? 100_000
  const nodeKey = `${tag}:n:${randomUUID()}`
  let pending: Step[] = []
  let waiting = 0
  let flushing: Promise<void> | undefined
  let lastNumber = 0
  let heard: number[] = []
  /** Redis' clock less ours, as far as answers have shown it. */
  let ahead: number | undefined

  const lastMoment = () => (ahead === undefined ? 0 : Math.ceil(Date.now() + ahead + redis.deadline + CLOCK_MS))
  const learn = (now: number) => {
    const seen = now - Date.now()
    // An answer that took long makes the clock look slow: believe the highest, and follow downwards slowly.
    ahead = ahead === undefined || seen > ahead ? seen : ahead + (seen - ahead) / 64
  }
  /** Before the first step: without a picture of Redis' clock a step could be done after its caller gave up. */
  const seeClock = async () => {
    const keys = [nodeKey, ...totalKeys(tag, 'clock')]
    const reply = await redis.run((client) => run(client, SCRIPTS.settle, keys, ['0', '0', '', '0', '0', 'clock']))
    learn(reply[1]!)
  }
  const late = (now: number) => {
    ahead = now - Date.now()
    return new StoreAway('timeout', 'Redis came to the step too late and left it out')
  }

  const settleNow = async ({ settlements, number }: Step): Promise<SettleResult> => {
    if (ahead === undefined) await seeClock()
    const keys = [nodeKey, ...settlements.flatMap(({ key }) => totalKeys(tag, key))]
    const args = settlements.flatMap(({ by, ttlMs = Infinity, leaseId = '' }) => [String(by), life(ttlMs), leaseId])
    const told = heard.slice(0, HEARD_AT_ONCE)
    heard = heard.slice(told.length)
    try {
      const head = [String(lastMoment()), String(number), told.join()]
      const reply = await redis.run((client) => run(client, SCRIPTS.settle, keys, [...head, ...args]))
      if (reply[0] === -1) throw late(reply[1]!)
      learn(reply[1]!)
      if (number > 0) heard.push(number)
      return {
        applied: settlements.map((_settlement, i) => reply[2 + 2 * i] === 1),
        values: settlements.map((_settlement, i) => reply[3 + 2 * i]!),
        pending: false,
      }
    } catch (error) {
      heard.push(...told)
      throw error
    }
  }

  /** False where the step must be brought again. */
  const bring = async (step: Step): Promise<boolean> => {
    try {
      await settleNow(step)
    } catch (error) {
      if (error instanceof StoreAway) return false
      logger.error('some settlements were refused by Redis:', error)
    }
    return true
  }
  const bringAll = async () => {
    while (pending.length > 0 && !redis.away) {
      const some = pending.slice(0, PENDING_AT_ONCE)
      const brought = await Promise.all(some.map(bring))
      const left = some.filter((_step, i) => !brought[i])
      for (const [i, { settlements }] of some.entries()) if (brought[i]) waiting -= settlements.length
      pending = left.concat(pending.slice(some.length))
      // Away again: they stay.
      if (left.length > 0) break
    }
    if (pending.length > 0 && !redis.away) setTimeout(() => void flush(), 1000).unref()
  }
  const flush = () =>
    (flushing ??= bringAll().finally(() => {
      flushing = undefined
    }))
  const keep = (step: Step) => {
    const room = maxPending - waiting
    const settlements = step.settlements.slice(0, Math.max(0, room))
    if (step.settlements.length > room) {
      logger.error('Redis is away and too many settlements wait for it: some are lost.')
    }
    if (settlements.length > 0) pending.push({ ...step, settlements })
    waiting += settlements.length
    if (!redis.away) setTimeout(() => void flush(), 1000).unref()
  }
  const addNow = async (ops: readonly CounterOp[]): Promise<CounterResult> => {
    if (ahead === undefined) await seeClock()
    const keys = ops.flatMap((op) => keysOf(tag, op))
    const args = ops.flatMap(toArgs)
    const reply = await redis.run((client) => run(client, SCRIPTS.add, keys, [String(lastMoment()), ...args]))
    if (reply[0] === -1) throw late(reply[2]!)
    learn(reply[2]!)
    return {
      ok: reply[0] === 1,
      failed: reply[1]! - 1,
      values: ops.map((_op, i) => reply[3 + 2 * i]!),
      resetMs: ops.map((_op, i) => (reply[4 + 2 * i]! < 0 ? Infinity : reply[4 + 2 * i]!)),
      at: reply[2]!,
    }
  }
  const corrections = createBatch<CounterOp, CounterResult>({
    run: addNow,
    part: (result, start, end) => ({
      ...result,
      values: result.values.slice(start, end),
      resetMs: result.resetMs.slice(start, end),
    }),
    most: TOGETHER,
  })
  const together = createBatch<Settlement, SettleResult>({
    async run(some) {
      const needsNumber = some.some(({ by, leaseId = '' }) => leaseId === '' && by !== 0)
      const step = { settlements: some, number: needsNumber ? ++lastNumber : 0 }
      try {
        return await settleNow(step)
      } catch (error) {
        if (!(error instanceof StoreAway)) throw error
        keep(step)
        return { applied: some.map(() => false), values: [], pending: true }
      }
    },
    part: ({ applied, values, pending }, start, end) => ({
      applied: applied.slice(start, end),
      values: values.slice(start, end),
      pending,
    }),
    most: TOGETHER,
  })
  const stop = redis.onBack(() => void flush())

  return {
    async add(ops) {
      checkOps(ops)
      // What can refuse nobody is a correction: it goes with those of other calls.
      if (ops.every(({ limit }) => limit === Infinity)) return corrections.join(ops)
      // A call that follows another finds what that one has given back.
      together.flush()
      corrections.flush()
      return addNow(ops)
    },
    async settle(some) {
      checkSettlements(some)
      return together.join(some)
    },
    get: (keys, of) =>
      redis.run((client) => {
        const all = keys.flatMap((key) => [...totalKeys(tag, key), `${tag}:w:${key}`])
        return run(client, SCRIPTS.read, all, [of ?? ''])
      }),
    async close() {
      // What was asked for in this turn is on its way after it.
      await new Promise((resolve) => setImmediate(resolve))
      await flush()
      stop()
      if (waiting > 0) logger.error(`${waiting} settlements were never brought to Redis.`)
    },
  }
}

/** EVALSHA; a Redis that was restarted gets the script anew. */
async function run(client: Redis | Cluster, script: Script, keys: string[], args: string[]): Promise<number[]> {
  try {
    return (await client.evalsha(script.sha, keys.length, ...keys, ...args)) as number[]
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return (await client.eval(script.lua, keys.length, ...keys, ...args)) as number[]
  }
}

function toScript(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

function totalKeys(tag: string, key: string): [string, string] {
  return [`${tag}:c:${key}`, `${tag}:z:${key}`]
}

function keysOf(tag: string, op: CounterOp): [string, string] {
  const window = `${tag}:w:${op.key}`
  return op.kind === 'window' ? [window, window] : totalKeys(tag, op.key)
}

function toArgs(op: CounterOp): string[] {
  const limit = op.limit === Infinity ? '' : String(op.limit)
  if (op.kind === 'window') return ['w', String(op.by), limit, String(op.windowMs), String(op.at ?? 0)]
  if (op.kind === 'lease') return ['l', String(op.by), limit, life(op.ttlMs), op.leaseId]
  return ['t', String(op.by), limit, life(op.ttlMs), '']
}

/** Redis has no endless life: 0 stands for it. */
function life(ms: number): string {
  return ms === Infinity ? '0' : String(Math.max(1, Math.round(ms)))
}
