import { existsSync, readdirSync, realpathSync, statSync, watch } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { Dirent, FSWatcher } from 'node:fs'
import { linksOf } from './links.ts'

export interface FileWatcher {
  /** Looks again at what is to be watched; after a reload that reads other files. */
  update(): void
  close(): void
}

/**
 * Watches single files and whole folders. Folders are watched, never files: editors replace a file, and a watch on it
 * would follow the old one. A folder that is missing is seen when it comes. A link is followed, and watched itself: Kubernetes
 * swaps one (`..data`) under all files of a mounted config at once. Inside folders, dotfiles and `node_modules` do not count.
 * @param onChange gets the absolute paths of one burst of changes; `debounce` (default 100) is the quiet time before, in ms
 */
export function watchFiles(
  files: () => readonly string[],
  dirs: () => readonly string[],
  onChange: (changed: string[]) => void,
  options: { debounce?: number } = {},
): FileWatcher {
  const watchers = new Map<string, FSWatcher>()
  /** What to look at, and the file that it is an edit of. */
  let places = new Map<string, Set<string>>()
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
    const roots = dirs().map((dir) => resolve(dir))
    // A folder that was moved or made anew keeps its path, but the watch stays with the old one.
    if (kind === 'rename' && name !== null && (watchers.has(path) || isFolder(path))) {
      drop(path)
      update()
      // What came with the folder came before the watch on it.
      for (const below of [...places.keys(), ...roots]) {
        if (below.startsWith(path + sep) && existsSync(below)) report(below)
      }
    }
    const inside = roots.includes(path) || roots.some((root) => isInside(path, root))
    for (const file of places.get(path) ?? (inside ? [path] : [])) report(file)
  }
  const update = (): void => {
    if (closed) return
    const roots = dirs().map((dir) => resolve(dir))
    const below = roots.flatMap((root) => contentsOf(root))
    places = placesOf([...files().map((file) => resolve(file)), ...below.flatMap(({ links }) => links)])
    const folders = new Set([...places.keys(), ...roots].map((path) => existingFolder(dirname(path))))
    for (const { folder } of below) folders.add(folder)
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

function placesOf(files: readonly string[]): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>()
  for (const file of files) {
    for (const place of [file, ...linksOf(file)]) {
      const origins = places.get(place)
      if (origins) origins.add(file)
      else places.set(place, new Set([file]))
    }
  }
  return places
}

interface Contents {
  readonly folder: string
  /** Entries that are links, whatever they lead to. */
  readonly links: readonly string[]
}

/** The folder and all below it that count. Missing: none. */
function contentsOf(folder: string, above: readonly string[] = []): Contents[] {
  try {
    // A link may lead to a folder that it is in.
    const real = realpathSync(folder)
    if (above.includes(real)) return []
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => !isIgnored(entry.name))
    const inner = entries.filter((entry) => isFolderEntry(entry, folder))
    const links = entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(folder, entry.name))
    return [{ folder, links }, ...inner.flatMap((entry) => contentsOf(join(folder, entry.name), [...above, real]))]
  } catch {
    return []
  }
}

function isFolderEntry(entry: Dirent, folder: string): boolean {
  return entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, entry.name)))
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
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    // Links in a circle.
    return false
  }
}
