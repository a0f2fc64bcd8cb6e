const LONGEST = 120

/**
 * A storage key of parts, of which any may come from a user: none can reach outside its place, no two lists of parts give
 * the same key. Parts that are short and plain stay readable; long ones become their SHA-256.
 * @example storageKey('aliases', 'team/a?b') // aliases:team%2Fa%3Fb
 */
export function storageKey(...parts: readonly string[]): string {
  return parts.map(encode).join(':')
}

function encode(part: string): string {
  if (part === '') return '~'
  // A lone half of a surrogate pair has no UTF-8.
  if (part.length > LONGEST || /\p{Surrogate}/u.test(part)) return hash(part)
  const encoded = encodeURIComponent(part).replace(/[!'()*~]|^\.+$/g, (found) =>
    [...found].map((char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`).join(''),
  )
  return encoded.length > LONGEST ? hash(part) : encoded
}

/**
 * `~` is encoded everywhere else, so that no plain part can look like a hash. Node's hash is fetched when it is needed:
 * the public entry, which exports this, loads nothing of Node, and a key must not have to be waited for.
 */
function hash(part: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return `~${createHash('sha256').update(Buffer.from(part, 'utf16le')).digest('hex')}`
}
