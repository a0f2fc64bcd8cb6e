import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/**
 * One writer of a journal folder: a gateway in a process. Each has a folder of its own; that of a writer which is gone is
 * taken over by another, by renaming it, which only one can do.
 */
export interface Instance {
  /** Unique for ever; rows are numbered below it. */
  readonly id: string
  readonly folder: string
  /** Says that this writer is alive. False: another took its folder over, which has now been made anew. */
  beat(): boolean
  /** Takes the folders of writers that are gone into this one's. Returns how many. */
  adopt(): number
  /** From here on others may take what is left. */
  release(): void
}

interface Owner {
  readonly pid: number
  /** When the process began, as the kernel counts it: a process id alone is used again. */
  readonly began: string
  /** Where process ids mean the same. */
  readonly space: string
}

/** Writers of this process that are at work. */
const here = new Set<string>()
const OWNER = 'owner.json'
/** A writer whose process cannot be asked after is gone when it was silent this long. */
const SILENT_MS = 30_000
/** No room on the disk, or none for this user. */
const FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT'])

/**
 * Makes a writer's folder below `journal`.
 * @param write how the owner's file is written
 */
export function createInstance(journal: string, write: typeof writeFileSync = writeFileSync): Instance {
  const id = randomBytes(8).toString('hex')
  const name = `${process.pid}-${id}`
  const folder = join(journal, name)
  const owner: Owner = { pid: process.pid, began: beganAt(process.pid), space: processSpace() }
  let told = false
  // A disk that the journal has filled is no reason not to start: who takes over what is there makes room. Until then the
  // file is empty, and others go by its time.
  const tell = () => {
    try {
      write(join(folder, OWNER), JSON.stringify(owner), { mode: 0o600 })
      told = true
    } catch (error) {
      told = false
      if (!FULL.has((error as NodeJS.ErrnoException).code)) throw error
    }
  }
  const make = () => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    tell()
  }
  here.add(name)
  make()
  return {
    id,
    folder,
    beat() {
      const now = new Date()
      try {
        if (!told) tell()
        utimesSync(join(folder, OWNER), now, now)
        return true
      } catch {
        make()
        return false
      }
    },
    adopt() {
      let count = 0
      for (const other of readdirSync(journal)) {
        if (other === name || !/^\d+-[0-9a-f]{16}$/.test(other) || isAlive(other, join(journal, other), owner)) continue
        try {
          flatten(join(journal, other), folder)
          renameSync(join(journal, other), join(folder, other))
          count++
        } catch {
          // Another was faster.
        }
      }
      return count
    },
    release() {
      here.delete(name)
    },
  }
}

/**
 * What a writer had taken over goes beside it: one in the other, every crash would make the paths longer, up to where no
 * segment can be opened.
 */
function flatten(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    flatten(join(from, entry.name), to)
    renameSync(join(from, entry.name), join(to, entry.name))
  }
}

function isAlive(name: string, folder: string, own: Owner): boolean {
  if (here.has(name)) return true
  const owner = readOwner(folder)
  if (!owner || owner.space !== own.space) return !silent(folder)
  // This process has told of all its writers; one with its number was there before it.
  if (owner.pid === own.pid) return false
  return owner.began === beganAt(owner.pid) && runs(owner.pid)
}

function readOwner(folder: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, OWNER), 'utf8')) as Owner
  } catch {
    return undefined
  }
}

function silent(folder: string): boolean {
  const path = join(folder, OWNER)
  try {
    return Date.now() - statSync(existsSync(path) ? path : folder).mtimeMs > SILENT_MS
  } catch {
    return false
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)), in ticks since boot; empty where there is no /proc. */
function beganAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name, in brackets, may hold spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

/** Containers on one host have process ids of their own. */
function processSpace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}
