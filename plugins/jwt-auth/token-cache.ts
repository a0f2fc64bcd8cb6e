import { hash } from 'node:crypto'

/** Tokens that have been checked, by the SHA-256 of all of their text: no two tokens are taken for each other. */
export interface TokenCache<T> {
  get(token: string): T | undefined
  /** @param expires when the token ends, milliseconds since the epoch */
  set(token: string, value: T, expires: number): void
}

export interface TokenCacheOptions {
  readonly ttlMs: number
  readonly most: number
}

/** Remembers checked tokens until they end, at most `ttlMs`; the oldest go where there are too many. */
export function createTokenCache<T>({ ttlMs, most }: TokenCacheOptions): TokenCache<T> {
  const entries = new Map<string, { readonly value: T; readonly until: number }>()
  return {
    get(token) {
      const key = digest(token)
      const entry = entries.get(key)
      if (!entry) return undefined
      if (Date.now() < entry.until) return entry.value
      entries.delete(key)
      return undefined
    },
    set(token, value, expires) {
      const until = Math.min(expires, Date.now() + ttlMs)
      if (until <= Date.now()) return
      const key = digest(token)
      entries.delete(key)
      entries.set(key, { value, until })
      if (entries.size > most) entries.delete(entries.keys().next().value!)
    },
  }
}

function digest(token: string): string {
  return hash('sha256', token, 'base64url')
}
