import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SweepingDriver } from './sweep.ts'
import { createDiskWatch } from './disk-away.ts'
import { HEAD_BYTES, isOver } from './envelope.ts'
import { fromFileName, toFileName, toFolderName } from './fs-names.ts'

export interface FsDriverOptions {
  /** The folder, absolute. Made with the first write, for this user alone (0700). */
  readonly base: string
  /** Wait until a document is on the disk, so that it survives a power cut. Default true; false is faster (caches). */
  readonly sync?: boolean | undefined
  readonly readOnly?: boolean | undefined
}

const STALE_MS = 60 * 60_000

/**
 * Documents as files. unstorage's own driver writes in place, and a reader can meet half a document; here every write is
 * a temporary file that replaces the old one whole.
 */
export function createFsDriver(options: FsDriverOptions): SweepingDriver {
  const { base } = options
  const pathOf = (key: string) => join(base, toFileName(key))
  const ask = createDiskWatch()

  const list = async (below?: string): Promise<{ path: string; key: string | undefined }[]> => {
    const found = await readdir(join(base, toFolderName(below ?? '')), { recursive: true, withFileTypes: true }).catch(
      unlessMissing([]),
    )
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        const below = path.slice(base.length + 1).replaceAll('\\', '/')
        return { path, key: fromFileName(below) }
      })
  }
  const remove = (path: string) => rm(path, { force: true })

  return {
    name: 'fs',
    options,
    hasItem: (key) =>
      stat(pathOf(key)).then(
        () => true,
        () => false,
      ),
    getItem: (key) => ask(pathOf(key), () => readFile(pathOf(key), 'utf8').catch(unlessMissing(null))),
    async getMeta(key) {
      const found = await stat(pathOf(key)).catch(unlessMissing(undefined))
      return found ? { atime: found.atime, mtime: found.mtime, size: found.size } : null
    },
    async setItem(key, text) {
      refuseReadOnly(options)
      await ask(pathOf(key), () => writeWhole(pathOf(key), text, options.sync !== false))
    },
    async removeItem(key) {
      refuseReadOnly(options)
      await ask(pathOf(key), () => remove(pathOf(key)))
    },
    async getKeys(below) {
      const found = await ask(base, () => list(below))
      return found.flatMap(({ key }) => key ?? [])
    },
    async clear(below) {
      refuseReadOnly(options)
      for (const { path, key } of await list(below)) if (key !== undefined) await remove(path)
    },
    async sweep(now) {
      if (options.readOnly) return
      for (const { path, key } of await list()) {
        if (key === undefined ? await isStale(path, now) : isOver(await readHead(path), now)) await remove(path)
      }
    },
  }
}

async function writeWhole(path: string, text: string, sync: boolean): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`)
  try {
    const file = await openNew(temporary)
    try {
      await file.writeFile(text)
      if (sync) await file.datasync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function openNew(path: string) {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return open(path, 'wx', 0o600)
  }
}

async function readHead(path: string): Promise<string> {
  const file = await open(path).catch(unlessMissing(undefined))
  if (!file) return ''
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** What a process left that died while writing. */
async function isStale(path: string, now: number): Promise<boolean> {
  if (!path.endsWith('.tmp')) return false
  const found = await stat(path).catch(unlessMissing(undefined))
  return found !== undefined && found.mtimeMs < now - STALE_MS
}

function refuseReadOnly({ readOnly }: FsDriverOptions): void {
  if (readOnly) throw new Error('this storage mount is read-only')
}

function unlessMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR')
      return value
    throw error
  }
}
