import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LogRecord } from '../../src/index.ts'
import { createLogQueue } from '../../src/log-queue.ts'

const record = (id: number) => ({ id: String(id) }) as LogRecord

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function start(logs: Record<string, (record: LogRecord) => unknown>, limit?: number) {
  const errors: string[] = []
  const callbacks = Object.entries(logs).map(([name, log]) => ({ name, log: log as (record: LogRecord) => void }))
  const queue = createLogQueue({
    callbacks,
    limit,
    onError: (name, error) => errors.push(`${name}: ${(error as Error).message}`),
  })
  return { queue, errors }
}

test('records come in order, in a later turn than the push', () => {
  const seen: string[] = []
  const { queue } = start({ a: ({ id }) => void seen.push(id) })
  for (let i = 0; i < 5; i++) queue.push(record(i))
  expect(seen).toEqual([])
  vi.runAllTimers()
  expect(seen).toEqual(['0', '1', '2', '3', '4'])
})

test('every callback gets every record; one that throws takes nothing from the others', async () => {
  const seen: string[] = []
  const fail = () => {
    throw new Error('thrown')
  }
  const { queue, errors } = start({
    a: fail,
    b: () => Promise.reject(new Error('rejected')),
    c: ({ id }) => void seen.push(id),
  })
  queue.push(record(1))
  queue.push(record(2))
  await Promise.all([queue.flush(), vi.runAllTimersAsync()])
  expect(seen).toEqual(['1', '2'])
  expect(errors.sort()).toEqual(['a: thrown', 'a: thrown', 'b: rejected', 'b: rejected'])
  expect(queue.failed).toBe(4)
})

test('a slow callback holds nobody up, and has at most 100 records in hand', async () => {
  const waiting: (() => void)[] = []
  let quick = 0
  const { queue } = start({
    slow: () => new Promise<void>((resolve) => waiting.push(resolve)),
    quick: () => void quick++,
  })
  for (let i = 0; i < 150; i++) queue.push(record(i))
  await vi.advanceTimersByTimeAsync(1)
  expect({ quick, inHand: waiting.length }).toEqual({ quick: 150, inHand: 100 })
  for (const resolve of waiting.splice(0, 30)) resolve()
  await vi.advanceTimersByTimeAsync(1)
  expect(waiting.length).toBe(100)
})

test('a callback that hangs is given up after 20 s, and the next records go on', async () => {
  let calls = 0
  const { queue, errors } = start({ hung: () => (++calls > 100 ? undefined : new Promise(() => {})) })
  for (let i = 0; i < 150; i++) queue.push(record(i))
  await vi.advanceTimersByTimeAsync(19_999)
  expect({ calls, errors }).toEqual({ calls: 100, errors: [] })
  await vi.advanceTimersByTimeAsync(1)
  expect(calls).toBe(150)
  expect(errors).toEqual(Array<string>(100).fill('hung: took longer than 20 s'))
})

test('a full queue drops and counts', async () => {
  const seen: string[] = []
  const { queue } = start({ a: ({ id }) => void seen.push(id) }, 3)
  for (let i = 0; i < 5; i++) queue.push(record(i))
  await vi.runAllTimersAsync()
  expect({ seen, dropped: queue.dropped, failed: queue.failed }).toEqual({
    seen: ['0', '1', '2'],
    dropped: 2,
    failed: 0,
  })
  queue.push(record(5))
  await vi.runAllTimersAsync()
  expect(seen.at(-1)).toBe('5')
})

describe('flush', () => {
  test('with nothing to do is done at once', async () => {
    await start({}).queue.flush()
    const { queue } = start({})
    queue.push(record(1))
    await queue.flush()
  })

  test('waits for what was pushed, and for what is in hand', async () => {
    let finish = () => {}
    const { queue } = start({ a: () => new Promise<void>((resolve) => (finish = resolve)) })
    queue.push(record(1))
    let flushed = false
    const done = queue.flush().then(() => (flushed = true))
    await vi.runAllTicks()
    await vi.advanceTimersByTimeAsync(10)
    expect(flushed).toBe(false)
    finish()
    await done
    expect(flushed).toBe(true)
  })
})
