/** Numbers that are the same in every run (mulberry32). */
export interface Random {
  /** From 0, below `limit`. */
  below(limit: number): number
  from(low: number, high: number): number
  chance(share: number): boolean
  pick<T>(list: readonly T[]): T
  bytes(size: number): Buffer
}

export function seeded(seed: number): Random {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    from: (low, high) => low + below(high - low + 1),
    chance: (share) => next() < share,
    pick: (list) => list[below(list.length)]!,
    bytes: (size) => Buffer.from({ length: size } as ArrayLike<number>).map(() => below(256)) as Buffer,
  }
}
