import { expect, test } from 'vitest'
import { createBatch } from '../../src/counters/batch.ts'

function doubling(most = 10) {
  const runs: number[][] = []
  const batch = createBatch<number, number[]>({
    async run(items) {
      runs.push([...items])
      if (items.includes(0)) throw new Error('no zero')
      return items.map((item) => item * 2)
    },
    part: (result, start, end) => result.slice(start, end),
    most,
  })
  return { runs, batch }
}

test('what is asked for in one turn is done at once, and everybody gets their own part', async () => {
  const { runs, batch } = doubling()
  const results = await Promise.all([batch.join([1, 2]), batch.join([3]), batch.join([4, 5])])
  expect(results).toEqual([[2, 4], [6], [8, 10]])
  expect(await batch.join([6])).toEqual([12])
  expect(runs).toEqual([[1, 2, 3, 4, 5], [6]])
})

test('a request is never divided, and no run has more than the most', async () => {
  const { runs, batch } = doubling(3)
  const results = await Promise.all([[1, 2], [3, 4], [5], [6, 7, 8, 9]].map((items) => batch.join(items)))
  expect(results).toEqual([[2, 4], [6, 8], [10], [12, 14, 16, 18]])
  expect(runs).toEqual([
    [1, 2],
    [3, 4, 5],
    [6, 7, 8, 9],
  ])
})

test('flush sends at once what has joined', async () => {
  const { runs, batch } = doubling()
  const first = batch.join([1])
  batch.flush()
  expect(runs).toEqual([[1]])
  const second = batch.join([2])
  expect(await Promise.all([first, second])).toEqual([[2], [4]])
  expect(runs).toEqual([[1], [2]])
  batch.flush()
  expect(runs).toHaveLength(2)
})

test('a failure is everybody’s who joined', async () => {
  const { batch } = doubling()
  const results = await Promise.allSettled([batch.join([1]), batch.join([0])])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})
