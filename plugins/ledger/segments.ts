import { closeSync, openSync, readSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** A file of the journal. It has a fixed size and is zeros behind the last line. */
export interface Segment {
  readonly path: string
  /** Nothing will be added: a later one was begun, or its writer is gone. */
  readonly complete: boolean
}

export interface SegmentPart {
  readonly lines: readonly string[]
  /** Offset of the next line. */
  readonly next: number
  /** There was more to read; else the part ends with what was in the file. */
  readonly more: boolean
  /** Bytes of a line that was cut off by a crash; 0 where the part ends as it should. */
  readonly torn: number
}

export const SEGMENT = /^\d+\.log$/
export const SPARE = /^\d+\.spare$/

/** Names sort in the order of the numbers. */
export function segmentName(number: number, kind: 'log' | 'spare'): string {
  return `${String(number).padStart(12, '0')}.${kind}`
}

/**
 * The segments in a writer's folder, oldest first. The last of the folder itself is being written, unless the writer has
 * closed; folders inside were left by others.
 */
export function listSegments(folder: string, closed: boolean): Segment[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  const own = entries.filter((entry) => entry.isFile() && SEGMENT.test(entry.name)).map(({ name }) => name)
  own.sort()
  const adopted = entries
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => listSegments(join(folder, name), true))
  return [...adopted, ...own.map((name, at) => ({ path: join(folder, name), complete: closed || at < own.length - 1 }))]
}

/** Removes the folders inside that no segment is left in, and with them the room on the disk that was taken beforehand. */
export function removeDrained(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && listSegments(path, true).length === 0) rmSync(path, { recursive: true, force: true })
  }
}

/**
 * Reads whole lines from `offset` on, as many as `scratch` takes, at least one if there is one.
 * @param scratch what is read goes there first
 */
export function readPart(path: string, offset: number, scratch: Buffer): SegmentPart {
  const fd = openSync(path, 'r')
  try {
    for (let size = scratch.length; ; size *= 4) {
      const buffer = size === scratch.length ? scratch : Buffer.allocUnsafe(size)
      const read = readSync(fd, buffer, 0, size, offset)
      const zero = buffer.subarray(0, read).indexOf(0)
      const end = zero === -1 ? read : zero
      const lines = buffer.subarray(0, end).lastIndexOf(10) + 1
      const more = zero === -1 && read === size
      if (lines === 0 && more) continue
      return {
        lines: linesOf(buffer.toString('utf8', 0, lines)),
        next: offset + lines,
        more,
        torn: more ? 0 : end - lines,
      }
    }
  } finally {
    closeSync(fd)
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
