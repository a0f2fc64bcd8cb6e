import nodeModule from 'node:module'
import { pathToFileURL } from 'node:url'
import { localImports } from './local-imports.ts'

const VERSION = 'gateway-reload'

/** How often each file was imported in this process: a module is cached for good under the URL it was imported by. */
const loads = new Map<string, number>()

/**
 * Imports a module so that its edits are seen, and those of the files it imports by relative path. Packages are not
 * loaded anew. Gives undefined where Node cannot do that (before 22.15, for a module with such imports).
 * @returns the default export
 */
export async function importFresh(file: string): Promise<{ default: unknown } | undefined> {
  const count = loads.get(file) ?? 0
  loads.set(file, count + 1)
  const url = pathToFileURL(file)
  if (count === 0) return importDefault(url.href)
  url.searchParams.set(VERSION, String(count))
  if (localImports(file).length === 0) return importDefault(url.href)
  // Missing in the types of no version, but in Node before 22.15.
  const registerHooks = nodeModule.registerHooks as typeof nodeModule.registerHooks | undefined
  if (!registerHooks) return undefined
  const hooks = registerHooks({ resolve: keepVersion })
  try {
    return await importDefault(url.href)
  } finally {
    hooks.deregister()
  }
}

/** Gives what a module with a version imports from beside it the same version. */
const keepVersion: nodeModule.ResolveHookSync = (specifier, context, nextResolve) => {
  const resolved = nextResolve(specifier, context)
  const version = context.parentURL && versionOf(context.parentURL)
  if (!version || !/^\.{1,2}\//.test(specifier) || versionOf(resolved.url)) return resolved
  const url = new URL(resolved.url)
  url.searchParams.set(VERSION, version)
  return { ...resolved, url: url.href }
}

async function importDefault(url: string): Promise<{ default: unknown }> {
  const module = (await import(/* @vite-ignore */ url)) as { default?: unknown }
  if (module.default === undefined) throw new Error('it has no default export')
  return { default: module.default }
}

function versionOf(url: string): string | null {
  return url.includes(VERSION) ? new URL(url).searchParams.get(VERSION) : null
}
