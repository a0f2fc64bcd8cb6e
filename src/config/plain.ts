/** A map as YAML, JSON and object literals make it. */
export type Plain = Record<string, unknown>

/** True for object literals and parsed maps; false for class instances, lists, functions. */
export function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || isForeignObject(prototype)
}

/** Merges maps deeply, the first source winning. Everything that is not a map is replaced whole, lists too. */
export function mergePlain(...sources: readonly (Plain | null | undefined)[]): Plain {
  const merged: Plain = {}
  for (const source of sources) {
    for (const [key, value] of Object.entries(source ?? {})) {
      const current = Object.hasOwn(merged, key) ? merged[key] : undefined
      if (current === undefined || current === null) setOwn(merged, key, value)
      else if (isPlain(current) && isPlain(value)) setOwn(merged, key, mergePlain(current, value))
    }
  }
  return merged
}

/** Sets a key that came from a file; `__proto__` becomes a plain key like any other. */
export function setOwn(target: Plain, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}

/** `Object.prototype` of another realm (configs evaluated in a vm context). */
function isForeignObject(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty')
}
