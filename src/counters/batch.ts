/** Puts requests of one turn of the event loop together. */
export interface Batch<T, R> {
  join(items: readonly T[]): Promise<R>
  /** Sends what has joined so far, so that what is sent next comes after it. */
  flush(): void
}

export interface BatchOptions<T, R> {
  /** Does the work for all items at once. */
  run(items: readonly T[]): Promise<R>
  /** The part of a result that belongs to some of the items. */
  part(result: R, start: number, end: number): R
  /** Items of one run at most; a request is never divided. */
  readonly most: number
}

interface Waiting<T, R> {
  readonly items: readonly T[]
  resolve(result: R): void
  reject(error: unknown): void
}

/** For work whose result nobody is kept waiting for: one round trip for all calls that end in the same turn. */
export function createBatch<T, R>({ run, part, most }: BatchOptions<T, R>): Batch<T, R> {
  let waiting: Waiting<T, R>[] = []

  const runSome = async (some: readonly Waiting<T, R>[]) => {
    try {
      const result = await run(some.flatMap(({ items }) => items))
      let start = 0
      for (const { items, resolve } of some) {
        resolve(some.length === 1 ? result : part(result, start, start + items.length))
        start += items.length
      }
    } catch (error) {
      for (const { reject } of some) reject(error)
    }
  }
  const flush = () => {
    if (waiting.length === 0) return
    const all = waiting
    waiting = []
    let some: Waiting<T, R>[] = []
    let count = 0
    for (const one of all) {
      if (count > 0 && count + one.items.length > most) {
        void runSome(some)
        some = []
        count = 0
      }
      some.push(one)
      count += one.items.length
    }
    void runSome(some)
  }

  return {
    join: (items) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ items, resolve, reject }) === 1) setImmediate(flush)
      }),
    flush,
  }
}
