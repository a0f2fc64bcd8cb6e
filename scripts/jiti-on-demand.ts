import { createRequire } from 'node:module'

// jiti for c12, in the built package: found and compiled when a config is a program that needs it.
export function createJiti(...args: Parameters<typeof import('jiti').createJiti>) {
  const { createJiti: create } = createRequire(import.meta.url)('jiti') as typeof import('jiti')
  return create(...args)
}
