import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** The state of one total, as it is from now on. */
export interface JournalEntry {
  readonly key: string
  readonly value: number
  /** Milliseconds since the epoch; `Infinity`: never. */
  readonly expires: number
}

/** Totals that survive a restart. */
export interface Journal {
  /** Whether a key is kept. */
  keeps(key: string): boolean
  /** What was kept. */
  load(): Iterable<JournalEntry>
  /** Appends in one synchronous write. A disk that is full fails no call: what is missing is written with the next. */
  write(entries: readonly JournalEntry[]): void
  close(): void
}

export interface JournalOptions {
  readonly now?: (() => number) | undefined
  /** Bytes from which the file is rewritten while running. Default 16 MiB, or four times what it held when rewritten last. */
  readonly compactAt?: number | undefined
  /** Told once when writing begins to fail. */
  readonly onError?: ((error: unknown) => void) | undefined
}

const PREFIX = 'spend:'
/** The file is looked for this often, not with every write. */
const LOOK_MS = 1000

/**
 * An append-only file of the totals whose key begins with `spend:`, one JSON array per line: key, value, end. The last
 * line of a key counts, so a line that a crash or a full disk tore costs one change and nothing else. What was written
 * survives the process, `kill -9` included; it is not forced to the disk, so a power cut may take the last seconds.
 * The file is made with the first write and rewritten with what still counts at the start.
 */
export function openJournal(file: string, options: JournalOptions = {}): Journal {
  const now = options.now ?? Date.now
  const kept = read(file)
  /** Changes that a failed write has not brought to the disk. */
  const missing = new Set<string>()
  let fd: number | undefined
  /** A failed write may have left half a line. */
  let torn = false
  let bytes = 0
  let compactAt = 0
  let number: bigint | undefined
  let lookAt = 0
  let told = false

  const compact = () => {
    const at = now()
    for (const [key, { expires }] of kept) if (expires <= at) kept.delete(key)
    const text = [...kept.values()].map(toLine).join('')
    const whole = `${file}.new`
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    rmSync(whole, { force: true })
    const next = openSync(whole, 'ax', 0o600)
    try {
      writeWhole(next, text)
      fsyncSync(next)
      renameSync(whole, file)
    } catch (error) {
      closeSync(next)
      rmSync(whole, { force: true })
      throw error
    }
    if (fd !== undefined) closeSync(fd)
    fd = next
    number = fstatSync(next, { bigint: true }).ino
    bytes = Buffer.byteLength(text)
    compactAt = Math.max(options.compactAt ?? 16 * 1024 * 1024, bytes * 4)
    missing.clear()
    torn = false
  }

  /** False where the file is gone: writes into one without a name are seen by nobody. Of another's, its owner is told. */
  const isThere = () => {
    if (now() < lookAt) return true
    lookAt = now() + LOOK_MS
    const found = statSync(file, { bigint: true, throwIfNoEntry: false })
    if (found && found.ino !== number && !told) {
      told = true
      options.onError?.(
        new Error(`${file} was replaced by another process. One gateway alone may use a project's folder.`),
      )
    }
    return found !== undefined
  }

  const append = (entries: readonly JournalEntry[]) => {
    if (fd === undefined || !isThere()) return compact()
    if (bytes > compactAt) {
      try {
        return compact()
      } catch {
        // The old file is whole and still open: go on with it.
        compactAt = bytes * 2
      }
    }
    const late = [...missing].map((key) => kept.get(key)!)
    const text = (torn ? '\n' : '') + [...late, ...entries].map(toLine).join('')
    torn = true
    writeWhole(fd, text)
    torn = false
    bytes += Buffer.byteLength(text)
    missing.clear()
  }

  return {
    keeps: (key) => key.startsWith(PREFIX),
    load() {
      const at = now()
      return [...kept.values()].filter(({ expires }) => expires > at)
    },
    write(entries) {
      for (const entry of entries) kept.set(entry.key, entry)
      const failing = missing.size > 0
      try {
        append(entries)
      } catch (error) {
        for (const { key } of entries) missing.add(key)
        if (!failing) options.onError?.(error)
      }
    },
    close() {
      if (fd !== undefined) closeSync(fd)
      fd = undefined
    },
  }
}

function read(file: string): Map<string, JournalEntry> {
  const kept = new Map<string, JournalEntry>()
  for (const line of readText(file).split('\n')) {
    const entry = fromLine(line)
    if (entry) kept.set(entry.key, entry)
  }
  return kept
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** JSON knows no Infinity: null stands for it. */
function toLine({ key, value, expires }: JournalEntry): string {
  return `${JSON.stringify([key, value, expires === Infinity ? null : expires])}\n`
}

function fromLine(line: string): JournalEntry | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!Array.isArray(parsed) || parsed.length !== 3) return undefined
  const [key, value, expires] = parsed as unknown[]
  if (typeof key !== 'string' || !Number.isSafeInteger(value)) return undefined
  if (expires !== null && typeof expires !== 'number') return undefined
  return { key, value: value as number, expires: expires ?? Infinity }
}

function writeWhole(fd: number, text: string): void {
  const data = Buffer.from(text)
  for (let done = 0; done < data.length;) done += writeSync(fd, data, done)
}
