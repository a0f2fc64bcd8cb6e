import { lstatSync, readlinkSync } from 'node:fs'
import { join, parse, resolve, sep } from 'node:path'

/** As Linux allows (`ELOOP`). */
const MOST_LINKS = 40

/**
 * What a path leads over: every symbolic link on its way, folders too, and the file at its end. Empty where there is no
 * link. Any of them may be edited or swapped in place of the path itself.
 */
export function linksOf(path: string): string[] {
  const found: string[] = []
  let [current, rest] = split(resolve(path))
  try {
    while (rest.length > 0) {
      const next = join(current, rest[0]!)
      rest = rest.slice(1)
      if (!lstatSync(next, { throwIfNoEntry: false })?.isSymbolicLink()) {
        current = next
        continue
      }
      found.push(next)
      if (found.length > MOST_LINKS) return found
      const [root, inside] = split(resolve(current, readlinkSync(next)))
      current = root
      rest = [...inside, ...rest]
    }
  } catch {
    // Not to be looked at, or gone just now.
    return found
  }
  return found.length > 0 ? [...found, current] : []
}

function split(path: string): [root: string, segments: string[]] {
  const { root } = parse(path)
  return [root, path.slice(root.length).split(sep).filter(Boolean)]
}
