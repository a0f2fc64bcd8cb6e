import * as fs from 'node:fs'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openJournal } from '../../src/counters/journal.ts'
import { createMemoryCounters } from '../../src/counters/memory.ts'
import type { CounterOp } from '../../src/index.ts'
import { start } from '../support/process.ts'

vi.mock('node:fs', async (original) => ({ ...(await original<typeof fs>()) }))

let folder: string
let file: string
let now = 1_000_000
/** What changed in one turn of the event loop is written at its end. */
const turn = () => new Promise((resolve) => setImmediate(resolve))
const open = (options = {}) => {
  const counters = createMemoryCounters(() => now, openJournal(file, { now: () => now, ...options }))
  const slowly =
    <A, R>(work: (value: A) => R) =>
    async (value: A) => {
      const result = await work(value)
      await turn()
      return result
    }
  return { ...counters, add: slowly(counters.add), settle: slowly(counters.settle) }
}
const reserve = (key: string, by: number): CounterOp => ({
  kind: 'lease',
  key,
  by,
  limit: Infinity,
  leaseId: 'call',
  ttlMs: 60_000,
})
const lines = () => readFileSync(file, 'utf8').split('\n').filter(Boolean)

beforeEach(() => {
  now = 1_000_000
  folder = mkdtempSync(join(tmpdir(), 'gateway-journal-'))
  file = join(folder, 'data', 'counters.journal')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('spend survives a restart; reservations and other counters do not', async () => {
  const counters = open()
  await counters.add([reserve('spend:key:a', 500), { key: 'other', by: 1, limit: 9, ttlMs: 60_000 }])
  await counters.add([{ key: 'spend:month', by: 3, limit: 9, ttlMs: 60_000 }])
  await counters.settle([{ key: 'spend:key:a', leaseId: 'call', by: 70 }])
  await counters.add([reserve('spend:key:a', 500)])
  expect(await open().get(['spend:key:a', 'spend:month', 'other'])).toEqual([70, 3, 0])
  now += 60_001
  expect(await open().get(['spend:key:a', 'spend:month'])).toEqual([70, 0])
})

test('nothing is written before there is spend; then one line per turn and total, for this user alone', async () => {
  const counters = open()
  await counters.add([{ key: 'other', by: 1, limit: 9, ttlMs: 60_000 }, reserve('spend:a', 5)])
  expect(existsSync(join(folder, 'data'))).toBe(false)
  await counters.settle([{ key: 'spend:a', leaseId: 'call', by: 2 }])
  await counters.settle([
    { key: 'spend:a', by: 3 },
    { key: 'spend:b "x"\n', by: 4, ttlMs: 5000 },
  ])
  expect(lines()).toEqual(['["spend:a",2,null]', '["spend:a",5,null]', '["spend:b \\"x\\"\\n",4,1005000]'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
})

test('torn and foreign lines cost nothing else', async () => {
  mkdirSync(join(folder, 'data'))
  const good = ['["spend:a",1,null]', 'x', '["spend:b",2]', '{"a":1}', '["spend:c",1.5,null]', '["spend:a",7,null]']
  writeFileSync(file, `${good.join('\n')}\n["spend:a",9,nu`)
  const counters = open()
  expect(await counters.get(['spend:a', 'spend:b', 'spend:c'])).toEqual([7, 0, 0])
  await counters.settle([{ key: 'spend:a', by: 1 }])
  expect(lines()).toEqual(['["spend:a",8,null]'])
})

test('the file is rewritten with what still counts: at the first write, and when it has grown', async () => {
  mkdirSync(join(folder, 'data'))
  writeFileSync(file, '["spend:old",1,999]\n'.repeat(1000))
  const counters = open({ compactAt: 200 })
  for (let i = 0; i < 100; i++) await counters.settle([{ key: 'spend:a', by: 1 }])
  expect(lines().length).toBeLessThan(15)
  expect(lines().at(-1)).toBe('["spend:a",100,null]')
  expect(await open().get(['spend:a', 'spend:old'])).toEqual([100, 0])
})

test('a disk that cannot be written fails no call, is told once, and is caught up with', async () => {
  const errors: unknown[] = []
  const counters = open({ onError: (error: unknown) => errors.push(error) })
  writeFileSync(join(folder, 'data'), 'a file where the folder should be')
  for (const key of ['spend:a', 'spend:b']) await counters.settle([{ key, by: 1 }])
  expect(await counters.get(['spend:a', 'spend:b'])).toEqual([1, 1])
  expect(errors).toHaveLength(1)
  rmSync(join(folder, 'data'))
  await counters.settle([{ key: 'spend:c', by: 1 }])
  expect(await open().get(['spend:a', 'spend:b', 'spend:c'])).toEqual([1, 1, 1])
})

test('a disk that fills up in the middle of a line costs no other line', async () => {
  const errors: unknown[] = []
  const counters = open({ onError: (error: unknown) => errors.push(error) })
  await counters.settle([{ key: 'spend:a', by: 1 }])
  const real = fs.writeSync
  let full = true
  const writeSync = vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, data: Buffer, from: number) => {
    if (!full) return real(fd, data, from)
    real(fd, data.subarray(from, from + 5))
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }) as typeof fs.writeSync)
  for (const key of ['spend:a', 'spend:b']) await counters.settle([{ key, by: 1 }])
  expect(await open().get(['spend:a', 'spend:b'])).toEqual([1, 0])
  full = false
  await counters.settle([{ key: 'spend:c', by: 1 }])
  writeSync.mockRestore()
  expect(await open().get(['spend:a', 'spend:b', 'spend:c'])).toEqual([2, 1, 1])
  expect(errors).toHaveLength(1)
})

test('one write has all that changed in a turn', async () => {
  const counters = createMemoryCounters(() => now, openJournal(file, { now: () => now }))
  for (const by of [1, 2, 3]) void counters.settle([{ key: 'spend:a', by }])
  void counters.settle([{ key: 'spend:b', by: 4 }])
  expect(existsSync(file)).toBe(false)
  await turn()
  expect(lines()).toEqual(['["spend:a",6,null]', '["spend:b",4,null]'])
  void counters.settle([{ key: 'spend:a', by: 1 }])
  await counters.close?.()
  expect(lines().at(-1)).toBe('["spend:a",7,null]')
})

test('after kill -9 every settlement of an earlier turn is there', async () => {
  const script = join(folder, 'spend.ts')
  const src = new URL('../../src/counters/', import.meta.url).pathname
  writeFileSync(
    script,
    `import { createMemoryCounters } from '${src}memory.ts'
     import { openJournal } from '${src}journal.ts'
     const counters = createMemoryCounters(Date.now, openJournal('${file}'))
     let done = 0
     const more = () => {
       for (let i = 0; i < 50; i++) { counters.settle([{ key: 'spend:a', by: 1 }]); done++ }
       setImmediate(() => process.stdout.write('done ' + done + '.\\n', () => setImmediate(more)))
     }
     more()`,
  )
  const running = start(process.execPath, [script])
  await running.waitFor(/done 5000\./)
  await running.stop('SIGKILL')
  const answered = Number(/done (\d+)\.[^.]*$/.exec(running.output())![1])
  const [kept] = await open().get(['spend:a'])
  expect(kept).toBeGreaterThanOrEqual(answered)
  expect(kept).toBeLessThanOrEqual(answered + 50)
})

test('a journal of another process that appends is read as far as it goes', async () => {
  await open().settle([{ key: 'spend:a', by: 1 }])
  appendFileSync(file, '["spend:a",5,null]\n')
  expect(await open().get(['spend:a'])).toEqual([5])
})

test('a file that is deleted while it is written to comes again, with all that was in it', async () => {
  const counters = open()
  await counters.add([{ key: 'spend:a', by: 5, limit: Infinity, ttlMs: Infinity }])
  rmSync(folder, { recursive: true })
  now += 2000
  await counters.add([{ key: 'spend:b', by: 7, limit: Infinity, ttlMs: Infinity }])
  counters.close?.()
  expect(open().get(['spend:a', 'spend:b'])).toEqual([5, 7])
})

test('of two gateways in one folder, the one whose file was replaced says so, once, and leaves it to the other', async () => {
  const onError = vi.fn()
  const add = (key: string) => [{ key, by: 1, limit: Infinity, ttlMs: Infinity }]
  const first = open({ onError })
  await first.add(add('spend:first'))
  const second = open()
  await second.add(add('spend:second'))
  for (let i = 0; i < 2; i++) {
    now += 2000
    await first.add(add('spend:first'))
  }
  expect(onError).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ message: expect.stringMatching(/was replaced by another process/) }),
  )
  expect(open().get(['spend:second'])).toEqual([1])
})
