import { hash, randomBytes } from 'node:crypto'

/** Every virtual key begins with this (LiteLLM's prefix). */
export const KEY_PREFIX = 'sk-'

/** A new key: LiteLLM's form, url-safe, 128 random bits. */
export function makeKey(): string {
  return KEY_PREFIX + randomBytes(16).toString('base64url')
}

/** SHA-256 of a key: what is compared and looked up. */
export function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

/** The hash that a key is stored and known under, hex; LiteLLM's, so that its keys go on working. */
export function hashKey(key: string): string {
  return digest(key).toString('hex')
}

/** What a body or query names a key by, as its hash: the key itself or the hash. */
export function toToken(keyOrHash: string): string {
  return keyOrHash.startsWith(KEY_PREFIX) ? hashKey(keyOrHash) : keyOrHash
}

/** How a key is shown: `sk-...` and its last four characters. */
export function keyName(key: string): string {
  return `${KEY_PREFIX}...${key.slice(-4)}`
}
