import fs, { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../src/index.ts'
import type { Context } from '../../src/index.ts'
import { createJournal } from '../../plugins/ledger/journal.ts'
import type { JournalFiles } from '../../plugins/ledger/journal.ts'
import { createRecorder } from '../../plugins/ledger/recorder.ts'
import type { CallEntry } from '../../plugins/ledger/entry.ts'
import { parseLine } from '../../plugins/ledger/line.ts'
import { listSegments, readPart } from '../../plugins/ledger/segments.ts'
import { record, temporaryFolder } from './support.ts'

const line = (id: number, size = 0) => `${JSON.stringify({ uid: `u${id}`, id: `r${id}`, pad: 'x'.repeat(size) })}\n`

/** Every id in a folder, in the order of the segments. */
function ids(folder: string): string[] {
  return listSegments(folder, true).flatMap(({ path }) => {
    const found: string[] = []
    for (let at = 0, more = true; more;) {
      const part = readPart(path, at, Buffer.alloc(1000))
      found.push(...part.lines.map((text) => (parseLine(text) as CallEntry).id))
      more = part.next > at
      at = part.next
    }
    return found
  })
}

describe('the journal', () => {
  it('has each line on the disk when write returns, in order, over many segments', () => {
    const folder = temporaryFolder()
    const journal = createJournal({ folder, segmentBytes: 5000 })
    for (let i = 0; i < 200; i++) {
      expect(journal.write(line(i, i))).toBe(true)
      if (i % 50 === 0) expect(ids(folder).at(-1)).toBe(`r${i}`)
    }
    expect(ids(folder)).toEqual(Array.from({ length: 200 }, (_, i) => `r${i}`))
    const segments = listSegments(folder, false)
    expect(segments.length).toBeGreaterThan(5)
    expect(segments.map(({ complete }) => complete)).toEqual(segments.map((_, i) => i < segments.length - 1))
    journal.close()
  })

  it('takes a line that is longer than a segment, and one longer than what is read at once', () => {
    const folder = temporaryFolder()
    const journal = createJournal({ folder, segmentBytes: 1000 })
    journal.write(line(1))
    journal.write(line(2, 300_000))
    journal.write(line(3))
    expect(ids(folder)).toEqual(['r1', 'r2', 'r3'])
    journal.close()
  })

  it('counts bytes, not characters', () => {
    const folder = temporaryFolder()
    const journal = createJournal({ folder, segmentBytes: 400 })
    for (let i = 0; i < 20; i++) journal.write(`${JSON.stringify({ uid: 'u', id: `漢字😀${i}` })}\n`)
    expect(ids(folder)).toEqual(Array.from({ length: 20 }, (_, i) => `漢字😀${i}`))
    journal.close()
  })

  it('takes its room on the disk before it is needed', () => {
    const folder = temporaryFolder()
    const journal = createJournal({ folder, segmentBytes: 100_000 })
    journal.write(line(1))
    const [name] = readdirSync(folder)
    expect(statSync(join(folder, name!)).size).toBe(100_000)
    expect(statSync(join(folder, name!)).blocks * 512).toBeGreaterThanOrEqual(100_000)
    journal.close()
  })

  it('reads on from a line that a crash cut off: it was never answered', () => {
    const folder = temporaryFolder()
    const zeros = Buffer.alloc(100)
    writeFileSync(join(folder, '000000000001.log'), Buffer.concat([Buffer.from(`${line(1)}{"uid":"u2","id`), zeros]))
    writeFileSync(join(folder, '000000000002.log'), line(3))
    expect(ids(folder)).toEqual(['r1', 'r3'])
    const part = readPart(join(folder, '000000000001.log'), 0, Buffer.alloc(1000))
    expect([part.next, part.torn]).toEqual([line(1).length, 15])
  })

  it('waits for the rest of a line that is being written', () => {
    const folder = temporaryFolder()
    const path = join(folder, '000000000001.log')
    writeFileSync(path, line(1) + line(2).slice(0, 10))
    expect(readPart(path, 0, Buffer.alloc(1000))).toMatchObject({ next: line(1).length, lines: [line(1).trim()] })
    writeFileSync(path, line(1) + line(2))
    expect(readPart(path, line(1).length, Buffer.alloc(1000))).toMatchObject({ lines: [line(2).trim()], torn: 0 })
  })

  it('is readable by its owner alone', () => {
    const folder = temporaryFolder()
    const journal = createJournal({ folder, segmentBytes: 5000 })
    journal.write(line(1))
    const [name] = readdirSync(folder)
    expect(statSync(join(folder, name!)).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, name!), 'utf8').startsWith(line(1))).toBe(true)
    journal.close()
  })
})

/** Files on a disk that takes only so many bytes. */
function smallDisk(bytes: number): JournalFiles & { free: number } {
  const disk = {
    ...fs,
    free: bytes,
    writeSync(fd: number, data: Uint8Array, offset: number, length: number, position: number) {
      const grown = Math.max(0, position + length - fs.fstatSync(fd).size)
      if (grown > disk.free) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      disk.free -= grown
      return fs.writeSync(fd, data, offset, length, position)
    },
    unlinkSync(path: string) {
      disk.free += fs.statSync(path).size
      fs.unlinkSync(path)
    },
    promises: { ...fs.promises, open: () => Promise.reject(new Error('not in this test')) },
  }
  return disk as unknown as JournalFiles & { free: number }
}

const ctx = { call: { headers: new Headers(), body: {} }, targets: [] } as unknown as Context

function setup(whenFull: 'continue' | 'refuse', disk: number) {
  const folder = temporaryFolder()
  const files = smallDisk(disk)
  const journal = createJournal({ folder, segmentBytes: 256 * 1024, files })
  const troubles: string[] = []
  const flying = { calls: 0 }
  const recorder = createRecorder({
    id: 'x',
    journal,
    prompts: undefined,
    whenFull,
    inFlight: () => flying.calls,
    wake: () => {},
    onTrouble: (message) => troubles.push(message),
  })
  return { folder, files, journal, recorder, troubles, flying }
}

describe('a full disk', () => {
  it('keeps rows in memory, and writes them when there is room', async () => {
    const { folder, files, journal, recorder, troubles } = setup('continue', 256 * 1024)
    const now = { at: Date.now() }
    const realNow = Date.now
    Date.now = () => now.at
    try {
      const long = { model: 'x'.repeat(200), error: { status: 500, message: 'y'.repeat(900) } }
      await Promise.all(Array.from({ length: 400 }, (_, i) => recorder.record(record(`r${i}`, long), ctx, undefined)))
      expect(recorder.kept).toBeGreaterThan(50)
      expect(ids(folder).length + recorder.kept).toBe(400)
      expect(troubles).toEqual([
        'the journal cannot be written (ENOSPC): calls go on, up to 10000 rows are kept in memory',
      ])
      files.free = 1024 * 1024
      recorder.flush()
      expect(recorder.kept).toBeGreaterThan(50)
      now.at += 1001
      recorder.flush()
      expect([recorder.kept, recorder.lost]).toEqual([0, 0])
      expect(ids(folder)).toEqual(Array.from({ length: 400 }, (_, i) => `r${i}`))
      expect(troubles[1]).toBe('the journal can be written again; 0 rows were lost')
    } finally {
      Date.now = realNow
      recorder.close()
      journal.close()
    }
  })

  it('has bounds in memory, and counts what goes beyond them', async () => {
    const { journal, recorder, troubles } = setup('continue', 0)
    await Promise.all(Array.from({ length: 10_005 }, (_, i) => recorder.record(record(`r${i}`), ctx, undefined)))
    expect([recorder.kept, recorder.lost]).toEqual([10_000, 5])
    expect(troubles[1]).toBe('the journal cannot be written and the memory for rows is full: rows are lost')
    recorder.close()
    journal.close()
  })

  it('refuses calls while those under way still have room for their rows', () => {
    const { folder, journal, recorder, flying } = setup('refuse', 512 * 1024)
    let refused: unknown
    const calls: Context[] = []
    while (!refused) {
      try {
        const call = { ...ctx } as Context
        recorder.admit(call)
        calls.push(call)
        flying.calls++
      } catch (error) {
        refused = error
      }
    }
    expect(refused).toBeInstanceOf(GatewayError)
    expect(refused).toMatchObject({ status: 503, code: 'ledger_full', retryAfter: 5 })
    const admitted = flying.calls
    expect(admitted).toBeGreaterThan(5)
    // Each with the longest row there can be.
    const text = '\u0001'.repeat(5000)
    const worst = record('', {
      model: text,
      path: text,
      group: text,
      upstreamModel: text,
      error: { status: 500, message: text, param: text },
      tags: Array.from({ length: 50 }, () => text),
      attempts: Array.from({ length: 50 }, () => ({ target: 't'.repeat(100), provider: 'p', status: 500, ms: 1 })),
    })
    // Rows of calls that were refused do not take it from them.
    for (let i = 0; i < 5000; i++) recorder.record(record(`refused${i}`, { status: 503 }), ctx, undefined)
    expect(recorder.kept).toBeGreaterThan(0)
    const kept = recorder.kept
    calls.forEach((call, i) => {
      flying.calls--
      recorder.record({ ...worst, id: `r${i}` }, call, undefined)
    })
    expect([recorder.kept, recorder.lost]).toEqual([kept, 0])
    expect(ids(folder).filter((id) => /^r\d/.test(id)).length).toBe(admitted)
    recorder.close()
    journal.close()
  })

  it('never leaves half a line: a write that fails half-way is passed over', () => {
    const folder = temporaryFolder()
    let failing = false
    const files = {
      ...fs,
      writeSync(fd: number, data: Uint8Array, offset: number, length: number, position: number) {
        if (!failing) return fs.writeSync(fd, data, offset, length, position)
        fs.writeSync(fd, data, offset, 5, position)
        failing = false
        throw Object.assign(new Error('input/output error'), { code: 'EIO' })
      },
    } as unknown as JournalFiles
    const journal = createJournal({ folder, segmentBytes: 5000, files })
    journal.write(line(1))
    failing = true
    expect(journal.write(line(2))).toBe(false)
    expect((journal.trouble as { code: string }).code).toBe('EIO')
    const realNow = Date.now
    Date.now = () => realNow() + 2000
    try {
      expect(journal.write(line(3))).toBe(true)
    } finally {
      Date.now = realNow
    }
    expect(ids(folder)).toEqual(['r1', 'r3'])
    journal.close()
  })
})
