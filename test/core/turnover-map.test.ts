import { expect, test } from 'vitest'
import { TurnoverMap } from '../../src/turnover-map.ts'

test('does what a Map does, through many changes', () => {
  const map = new TurnoverMap<string, number>()
  const same = new Map<string, number>()
  let seed = 7
  const next = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (let i = 0; i < 20_000; i++) {
    const key = `k${next(i % 2000 < 1000 ? 300 : 20)}`
    if (next(2) === 0) {
      map.set(key, i)
      same.set(key, i)
    } else expect(map.delete(key)).toBe(same.delete(key))
    expect(map.get(key)).toBe(same.get(key))
    expect(map.has(key)).toBe(same.has(key))
    expect(map.size).toBe(same.size)
  }
  expect(map.entries()).toEqual([...same])
})

test('can lose entries while they are gone through', () => {
  const map = new TurnoverMap<number, number>()
  for (let i = 0; i < 500; i++) map.set(i, i)
  const seen: number[] = []
  for (const [key] of map.entries()) {
    seen.push(key)
    map.delete(key)
  }
  expect(seen).toHaveLength(500)
  expect(map.size).toBe(0)
})
