import { createHash } from 'node:crypto'
import type { Plain } from './plain.ts'

/**
 * A stable id of a deployment: the same entry has it in every process and after every restart. Options, which hold
 * secrets, enter as a hash of their own, and values taken from the environment do not enter.
 */
export function deploymentId(entry: {
  name: string
  provider: string
  model: string
  baseURL: unknown
  options: Plain
}): string {
  const { name, provider, model, baseURL, options } = entry
  const identity = [name, provider, model, baseURL ?? null, sha256(canonical(options))]
  return sha256(canonical(identity)).slice(0, 16)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
