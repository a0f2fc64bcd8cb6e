/** Most file systems take 255 bytes; the rest is for the suffix and temporary names. */
const LONGEST = 180
export const SUFFIX = '.json'

/**
 * The path of a key below the store's folder. Every key has its own on every file system: capitals are marked (macOS and
 * Windows do not tell them apart), long segments become nested folders, and documents end in `.json`, so that `a` and
 * `a:b` can both be there.
 */
export function toFileName(key: string): string {
  return `${key.split(':').map(encodeSegment).join('/')}${SUFFIX}`
}

/** The folder of all keys below a base such as `keys:team:`. */
export function toFolderName(base: string): string {
  return base.split(':').slice(0, -1).map(encodeSegment).join('/')
}

/** The key of a path; undefined for files that are not ours. */
export function fromFileName(path: string): string | undefined {
  if (!path.endsWith(SUFFIX)) return undefined
  try {
    return path
      .slice(0, -SUFFIX.length)
      .replaceAll('~/', '')
      .split('/')
      .map((segment) =>
        decodeURIComponent(segment.replace(/\^([a-z])/g, (_all, letter: string) => letter.toUpperCase())),
      )
      .join(':')
  } catch {
    return undefined
  }
}

function encodeSegment(segment: string): string {
  const encoded = segment
    .replace(/[^a-z0-9_@=+,.-]/gu, (char) => (/[A-Z]/.test(char) ? `^${char.toLowerCase()}` : percent(char)))
    // Neither a hidden file nor a way up, and no folder that looks like a document.
    .replace(/^\.|\.$|\.(?=json$)/g, '%2e')
  return encoded.length <= LONGEST ? encoded : cut(encoded)
}

/** Pieces of a long segment: all but the last end in `~`, which stands for nothing else. */
function cut(encoded: string): string {
  const pieces: string[] = []
  for (let rest = encoded; rest !== ''; rest = rest.slice(LONGEST)) pieces.push(rest.slice(0, LONGEST))
  return pieces.join('~/')
}

function percent(char: string): string {
  return [...Buffer.from(char)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}
