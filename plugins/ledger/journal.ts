import fs from 'node:fs'
import { join } from 'node:path'
import { LONGEST_LINE } from './entry.ts'
import { segmentName } from './segments.ts'

/** The part of `node:fs` that the journal writes with. */
export type JournalFiles = Pick<typeof fs, 'openSync' | 'writeSync' | 'closeSync' | 'renameSync' | 'unlinkSync'> & {
  readonly promises: Pick<typeof fs.promises, 'open' | 'unlink'>
}

export interface JournalOptions {
  /** The writer's own folder; exists. */
  readonly folder: string
  /** Default 4 MiB. */
  readonly segmentBytes?: number | undefined
  readonly files?: JournalFiles | undefined
}

/**
 * An append-only log in segments whose room is taken on the disk before it is needed: a line then goes into blocks that
 * the file already has, and a disk that others fill up does not stop the calls that are under way. (A file system that
 * copies on write, such as btrfs or ZFS, does not give that promise.)
 */
export interface Journal {
  /** Writes one line, with its newline, before it returns. False: it is not written, not even in part. */
  write(line: string): boolean
  /** Takes room on the disk for so many bytes of lines that are no longer than {@link LONGEST_LINE}. False: there is none. */
  reserve(bytes: number): boolean
  /** Begins a new segment with the next line. */
  roll(): void
  /** Why a write failed, the last time one did. */
  readonly trouble: unknown
  close(): void
}

interface File {
  readonly fd: number
  readonly path: string
  readonly number: number
  readonly size: number
  at: number
}

const SEGMENT_BYTES = 4 * 1024 * 1024
const ZEROS = Buffer.alloc(1024 * 1024)
/** Where lines are encoded: a quarter faster than handing the string to `writeSync`, and its bytes are known before. */
const SCRATCH_BYTES = 128 * 1024
/** A full disk is asked again after this long, not by every call. */
const RETRY_MS = 1000

export function createJournal(options: JournalOptions): Journal {
  const { folder, segmentBytes = SEGMENT_BYTES, files = fs } = options
  const scratch = Buffer.allocUnsafe(SCRATCH_BYTES)
  let number = 0
  let active: File | undefined
  let spares: File[] = []
  let preparing = false
  let prepareAt = 0
  let closed = false
  let trouble: unknown
  let retryAt = 0

  const allocate = (size: number): File => {
    const path = join(folder, segmentName(++number, 'spare'))
    const fd = files.openSync(path, 'wx', 0o600)
    try {
      for (let at = 0; at < size;) at += files.writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, size - at), at)
    } catch (error) {
      files.closeSync(fd)
      files.unlinkSync(path)
      throw error
    }
    return { fd, path, number, size, at: 0 }
  }

  const tryAllocate = (size: number): File | undefined => {
    if (Date.now() < retryAt) return undefined
    try {
      return allocate(size)
    } catch (error) {
      fail(error)
      return undefined
    }
  }

  const fail = (error: unknown) => {
    trouble = error
    retryAt = Date.now() + RETRY_MS
  }

  /** Makes the next segment beside the calls, so that none of them waits for it. */
  const prepare = async () => {
    preparing = true
    const own = ++number
    const path = join(folder, segmentName(own, 'spare'))
    try {
      const handle = await files.promises.open(path, 'wx', 0o600)
      try {
        for (let at = 0; at < segmentBytes;) {
          at += (await handle.write(ZEROS, 0, Math.min(ZEROS.length, segmentBytes - at), at)).bytesWritten
        }
      } finally {
        await handle.close()
      }
      if (closed) await files.promises.unlink(path)
      else spares.push({ fd: files.openSync(path, 'r+'), path, number: own, size: segmentBytes, at: 0 })
    } catch {
      // The active segment still has room; if it is needed before there is more, writing says so.
      prepareAt = Date.now() + RETRY_MS
      await files.promises.unlink(path).catch(() => {})
    } finally {
      preparing = false
    }
  }

  /** Numbers are given out anew, so that segments sort by when they were begun. */
  const begin = (spare: File): File => {
    const path = join(folder, segmentName(++number, 'log'))
    files.renameSync(spare.path, path)
    return { ...spare, path, number }
  }

  const segmentFor = (bytes: number): File | undefined => {
    if (active && active.at + bytes <= active.size) return active
    const spare = spares.find(({ size }) => size >= bytes) ?? tryAllocate(Math.max(segmentBytes, bytes))
    if (!spare) return undefined
    spares = spares.filter((other) => other !== spare)
    try {
      const next = begin(spare)
      if (active) files.closeSync(active.fd)
      active = next
      return next
    } catch (error) {
      spares.push(spare)
      fail(error)
      return undefined
    }
  }

  const room = () => {
    let bytes = active ? usable(active) : 0
    for (const spare of spares) bytes += usable(spare)
    return bytes
  }

  return {
    write(line) {
      if (closed) return false
      // Three bytes is the most that one UTF-16 unit becomes.
      const bytes = line.length * 3 <= SCRATCH_BYTES ? scratch.subarray(0, scratch.write(line)) : Buffer.from(line)
      const file = segmentFor(bytes.length)
      if (!file) return false
      try {
        writeWhole(files, file, bytes)
      } catch (error) {
        fail(error)
        // What follows must not be read as the rest of this line.
        file.at = file.size
        return false
      }
      if (spares.length === 0 && !preparing && file.at > file.size / 2 && Date.now() >= prepareAt) void prepare()
      return true
    },
    reserve(bytes) {
      while (room() < bytes) {
        const spare = tryAllocate(segmentBytes)
        if (!spare) return false
        spares.push(spare)
      }
      return true
    },
    roll() {
      if (active) files.closeSync(active.fd)
      for (const { fd } of spares) files.closeSync(fd)
      active = undefined
      spares = []
    },
    get trouble() {
      return trouble
    },
    close() {
      closed = true
      if (active) files.closeSync(active.fd)
      for (const { fd, path } of spares.splice(0)) {
        files.closeSync(fd)
        files.unlinkSync(path)
      }
      active = undefined
    },
  }
}

/** A line does not go over the edge of a segment: what is left behind the last one may be as long as one. */
function usable({ size, at }: File): number {
  return Math.max(0, size - at - LONGEST_LINE)
}

function writeWhole(files: JournalFiles, file: File, bytes: Uint8Array): void {
  let written = 0
  do {
    written += files.writeSync(file.fd, bytes, written, bytes.length - written, file.at + written)
  } while (written < bytes.length)
  file.at += bytes.length
}
