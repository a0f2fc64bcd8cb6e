import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { createInstance } from '../../plugins/ledger/instance.ts'
import { listSegments } from '../../plugins/ledger/segments.ts'
import { temporaryFolder } from './support.ts'

const LEFT = '-0123456789abcdef'

/** A writer's folder with one segment in it. */
function leave(journal: string, pid: number, owner: Record<string, unknown> | undefined): string {
  const folder = join(journal, `${pid}${LEFT}`)
  mkdirSync(folder)
  writeFileSync(join(folder, '000000000001.log'), '{"uid":"u"}\n')
  if (owner) writeFileSync(join(folder, 'owner.json'), JSON.stringify(owner))
  return folder
}

function ownerOf(folder: string): { pid: number; began: string; space: string } {
  return JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as { pid: number; began: string; space: string }
}

it('takes over what a process that is gone has left', () => {
  const journal = temporaryFolder()
  const own = createInstance(journal)
  const { pid } = spawnSync('true')
  const folder = leave(journal, pid, { ...ownerOf(own.folder), pid, began: '1' })
  expect(own.adopt()).toBe(1)
  expect(existsSync(folder)).toBe(false)
  expect(readdirSync(join(own.folder, basename(folder)))).toContain('000000000001.log')
  own.release()
})

it('leaves alone what belongs to a process that runs, and to another gateway of this one', () => {
  const journal = temporaryFolder()
  const own = createInstance(journal)
  const other = createInstance(journal)
  const parent = readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
  const began = parent.slice(parent.lastIndexOf(')') + 2).split(' ')[19]
  leave(journal, process.ppid, { ...ownerOf(own.folder), pid: process.ppid, began })
  expect(own.adopt()).toBe(0)
  other.release()
  expect(own.adopt()).toBe(1)
  own.release()
})

it('is not deceived by a process number that was given out again', () => {
  const journal = temporaryFolder()
  const own = createInstance(journal)
  leave(journal, process.pid, { ...ownerOf(own.folder), began: '1' })
  leave(journal, process.ppid, { ...ownerOf(own.folder), pid: process.ppid, began: '1' })
  expect(own.adopt()).toBe(2)
  own.release()
})

it('waits until a writer in another container has been silent for half a minute', () => {
  const journal = temporaryFolder()
  const own = createInstance(journal)
  const folder = leave(journal, process.pid, { ...ownerOf(own.folder), space: 'elsewhere' })
  expect(own.adopt()).toBe(0)
  const past = new Date(Date.now() - 31_000)
  utimesSync(join(folder, 'owner.json'), past, past)
  expect(own.adopt()).toBe(1)
  own.release()
})

it('makes its folder anew when another took it', () => {
  const journal = temporaryFolder()
  const slow = createInstance(journal)
  expect(slow.beat()).toBe(true)
  slow.release()
  const own = createInstance(journal)
  expect(own.adopt()).toBe(1)
  expect(slow.beat()).toBe(false)
  expect(existsSync(join(slow.folder, 'owner.json'))).toBe(true)
  own.release()
})

it('takes over on a full disk, too, and says whose its folder is once there is room', () => {
  const journal = temporaryFolder()
  let full = true
  const own = createInstance(journal, (path, text, options) => {
    writeFileSync(path, full ? '' : text, options)
    if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  })
  const { pid } = spawnSync('true')
  leave(journal, pid, { pid, began: '1', space: 'here' })
  const past = new Date(Date.now() - 31_000)
  utimesSync(join(journal, `${pid}${LEFT}`, 'owner.json'), past, past)
  expect(own.adopt()).toBe(1)
  const other = createInstance(journal)
  expect([own.beat(), other.adopt(), readFileSync(join(own.folder, 'owner.json'), 'utf8')]).toEqual([true, 0, ''])
  full = false
  expect([own.beat(), ownerOf(own.folder).pid]).toEqual([true, process.pid])
  own.release()
  other.release()
  const broken = Object.assign(new Error('read-only file system'), { code: 'EROFS' })
  expect(() =>
    createInstance(journal, () => {
      throw broken
    }),
  ).toThrow(broken)
})

it('lays what others had taken over side by side, however many of them died one after the other', () => {
  const journal = temporaryFolder()
  let own = createInstance(journal)
  for (let i = 0; i < 200; i++) {
    writeFileSync(join(own.folder, '000000000001.log'), '{"uid":"u"}\n')
    own.release()
    own = createInstance(journal)
    expect(own.adopt()).toBe(1)
  }
  const segments = listSegments(own.folder, false)
  expect(segments.length).toBe(200)
  expect(segments.every(({ path }) => existsSync(path) && dirname(dirname(path)) === own.folder)).toBe(true)
  own.release()
})
