import { PerformanceObserver, constants } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { countRead, createReadCounter } from '../../src/server/collect-young.ts'

const MEGABYTE = 1024 * 1024

/** The kinds of the collections that V8 made while something ran. */
async function collectionsOf(run: () => void): Promise<number[]> {
  const entries: unknown[] = []
  const observer = new PerformanceObserver((list) => void entries.push(...list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  run()
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve))
  observer.disconnect()
  return entries.map((entry) => (entry as { detail: { kind: number } }).detail.kind)
}

test('the young are collected before long bodies fill the memory outside of the heap', async () => {
  const kinds = await collectionsOf(() => {
    for (let i = 0; i < 13; i++) countRead(MEGABYTE)
  })
  expect(kinds).toContain(constants.NODE_PERFORMANCE_GC_MINOR)
  expect(kinds).not.toContain(constants.NODE_PERFORMANCE_GC_MAJOR)
})

test('only long bodies count, and what was counted is counted once', async () => {
  let collections = 0
  const count = createReadCounter(() => void collections++)
  const turn = () => new Promise((resolve) => void setImmediate(resolve))
  for (let i = 0; i < 100_000; i++) count(1024)
  for (let i = 0; i < 11; i++) count(MEGABYTE)
  await turn()
  expect(collections).toBe(0)
  count(MEGABYTE)
  await turn()
  for (let i = 0; i < 11; i++) count(MEGABYTE)
  await turn()
  expect(collections).toBe(1)
})
