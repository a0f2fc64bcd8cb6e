import { existsSync, readdirSync, statSync, watch } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { FSWatcher } from 'node:fs'

export interface FileWatcher {
  /** Looks again at what is to be watched; after a reload that reads other files. */
  update(): void
  close(): void
}

/**
 * Watches single files and whole folders. Folders are watched, never files: editors replace a file, and a watch on it
 * would follow the old one. A folder that is missing is seen when it comes. Inside folders, dotfiles and `node_modules`
 * do not count.
 * @param onChange gets the absolute paths of one burst of changes; `debounce` (default 100) is the quiet time before, in ms
 */
export function watchFiles(
  files: () => readonly string[],
  dirs: () => readonly string[],
  onChange: (changed: string[]) => void,
  options: { debounce?: number } = {},
): FileWatcher {
  const watchers = new Map<string, FSWatcher>()
  const changed = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const drop = (folder: string): void => {
    for (const [path, watcher] of watchers) {
      if (path !== folder && !path.startsWith(folder + sep)) continue
      watchers.delete(path)
      watcher.close()
    }
  }
  const report = (path: string): void => {
    changed.add(path)
    clearTimeout(timer)
    timer = setTimeout(() => {
      const paths = [...changed]
      changed.clear()
      update()
      onChange(paths)
    }, options.debounce ?? 100)
  }
  const onEvent = (folder: string, kind: string, name: string | null): void => {
    if (closed) return
    const path = name === null ? folder : join(folder, name)
    const wanted = new Set(files().map((file) => resolve(file)))
    const roots = dirs().map((dir) => resolve(dir))
    // A folder that was moved or made anew keeps its path, but the watch stays with the old one.
    if (kind === 'rename' && name !== null && (watchers.has(path) || isFolder(path))) {
      drop(path)
      update()
      // What came with the folder came before the watch on it.
      for (const below of [...wanted, ...roots]) if (below.startsWith(path + sep) && existsSync(below)) report(below)
    }
    if (wanted.has(path) || roots.includes(path) || roots.some((root) => isInside(path, root))) report(path)
    // Kubernetes swaps the link `..data` under all files of a mounted config at once.
    else if (name === '..data') for (const file of wanted) if (dirname(file) === folder) report(file)
  }
  const update = (): void => {
    if (closed) return
    const roots = dirs().map((dir) => resolve(dir))
    const folders = new Set([...files(), ...roots].map((path) => existingFolder(dirname(resolve(path)))))
    for (const root of roots) for (const folder of foldersBelow(root)) folders.add(folder)
    for (const path of watchers.keys()) if (!folders.has(path) || !isFolder(path)) drop(path)
    for (const folder of folders) if (!watchers.has(folder)) add(folder)
  }
  const add = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, (kind, name) => onEvent(folder, kind, name))
      watcher.on('error', () => drop(folder))
      watchers.set(folder, watcher)
    } catch {
      // The folder went away just now: the one above tells when it comes back.
    }
  }

  update()
  return {
    update,
    close() {
      closed = true
      clearTimeout(timer)
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}

/** The folder, or the nearest one above it that is there. */
function existingFolder(folder: string): string {
  return isFolder(folder) || dirname(folder) === folder ? folder : existingFolder(dirname(folder))
}

/** The folder and all below it that count. Missing: none. */
function foldersBelow(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    const inner = entries.filter((entry) => entry.isDirectory() && !isIgnored(entry.name))
    return [folder, ...inner.flatMap((entry) => foldersBelow(join(folder, entry.name)))]
  } catch {
    return []
  }
}

function isInside(path: string, root: string): boolean {
  if (!path.startsWith(root + sep)) return false
  return !path
    .slice(root.length + 1)
    .split(sep)
    .some(isIgnored)
}

function isIgnored(name: string): boolean {
  return name === 'node_modules' || basename(name).startsWith('.')
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
