import type { GatewayConfig } from './types/config.ts'
import type { AnyPluginDefinition } from './types/plugin.ts'
import type { ProviderDefinition } from './types/provider.ts'
import { importModule } from './import-module.ts'

/** A definition and where it came from. */
export interface Discovered<T> {
  readonly definition: T
  /** `built-in`, a path below the project, a package's name, or `config`. */
  readonly from: string
}

export interface Discovery {
  readonly plugins: ReadonlyMap<string, Discovered<AnyPluginDefinition>>
  readonly providers: ReadonlyMap<string, Discovered<ProviderDefinition>>
  /** Folders whose edits matter (`dev` reloads on them). */
  readonly folders: readonly string[]
  /** Files whose edits matter, wherever they are: what the config's `use` lists, and what modules import by relative path. */
  readonly files: readonly string[]
  readonly problems: readonly { path: string; message: string }[]
}

type Definition = AnyPluginDefinition | ProviderDefinition
type Loader = () => Promise<{ default: unknown }>

/** The built-in plugins and providers by name, imported on demand. */
export interface Registry {
  readonly plugins: Readonly<Record<string, Loader>>
  readonly providers: Readonly<Record<string, Loader>>
}

const MODULE = /\.[cm]?[jt]s$/

/**
 * Finds everything that can take part, later wins by name: built-ins, then the project's folders sorted by path, then
 * what the config's `use` lists. Nothing in node_modules loads by itself: a gateway holds all the keys.
 */
export async function discover(
  config: GatewayConfig,
  registry: Registry,
  root: string | undefined,
): Promise<Discovery> {
  const plugins = new Map<string, Discovered<AnyPluginDefinition>>()
  const providers = new Map<string, Discovered<ProviderDefinition>>()
  const problems: { path: string; message: string }[] = []

  const add = (value: unknown, from: string) => {
    const definition = toDefinition(value)
    if (!definition) {
      problems.push({
        path: from,
        message:
          'has no plugin or provider as its default export. Export definePlugin(…), defineProvider(…) or defineCallback(…).',
      })
      return
    }
    const wrong = wrongOptions(definition)
    if (wrong !== undefined) problems.push({ path: from, message: wrong })
    else if (definition.kind === 'plugin') plugins.set(definition.name, { definition, from })
    else providers.set(definition.name, { definition, from })
  }
  const tryAdd = async (load: () => Promise<unknown>, from: string) => {
    try {
      add(await load(), from)
    } catch (error) {
      problems.push({ path: from, message: `could not be loaded: ${messageOf(error)}` })
    }
  }

  const builtins = [...Object.values(registry.plugins), ...Object.values(registry.providers)]
  for (const module of await Promise.all(builtins.map((load) => load()))) add(module.default, 'built-in')

  const folders: string[] = []
  const files: string[] = []
  const note = async (file: string) => {
    const { localImports, resolveFile } = await import('./config/local-imports.ts')
    const found = resolveFile(file) ?? file
    files.push(found, ...localImports(found))
  }
  if (root !== undefined) {
    for (const folder of await projectFolders(config, root)) {
      folders.push(folder.path)
      for (const file of await modulesIn(folder.path)) {
        await note(file.path)
        await tryAdd(() => defaultOf(importModule(file.path, root)), `${folder.name}/${file.name}`)
      }
    }
  }
  for (const entry of config.use ?? []) {
    if (typeof entry !== 'string') add(entry, 'config')
    else await tryAdd(() => resolveEntry(entry, root, note), entry)
  }
  return { plugins, providers, folders, files, problems }
}

function toDefinition(value: unknown): Definition | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, name, setup } = value as Partial<Definition>
  const valid = (kind === 'plugin' || kind === 'provider') && typeof name === 'string' && typeof setup === 'function'
  return valid ? (value as Definition) : undefined
}

/** What is wrong with the schema of the options. A provider's is asked for its keys, which zod 3 keeps elsewhere. */
function wrongOptions({ kind, name, options }: Definition): string | undefined {
  const schema: { safeParse?: unknown; _zod?: unknown } | undefined = options
  if (typeof schema?.safeParse === 'function' && (kind === 'plugin' || schema._zod !== undefined)) return undefined
  const what = schema?.safeParse === undefined ? 'no zod schema' : 'a schema of zod 3'
  return `the options of ${kind} ${name} are ${what}. Make one with \`z\` from @ungate/gateway, or from zod 4.`
}

async function projectFolders(config: GatewayConfig, root: string): Promise<{ name: string; path: string }[]> {
  const { join, resolve } = await import('node:path')
  const { fileURLToPath } = await import('node:url')
  const names = [
    config.folders?.plugins ?? 'plugins',
    config.folders?.providers ?? 'providers',
    config.folders?.callbacks ?? 'callbacks',
  ]
  // In a clone of this very package the project's folders are the built-ins.
  const own = fileURLToPath(new URL('..', import.meta.url))
  return names
    .map((name) => ({ name, path: resolve(root, name) }))
    .filter(({ path, name }) => path !== join(own, name) && path !== resolve(own, '..', name))
}

async function modulesIn(folder: string): Promise<{ name: string; path: string }[]> {
  const [{ readdir, realpath, stat }, { join }] = await Promise.all([import('node:fs/promises'), import('node:path')])
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const found: { name: string; path: string }[] = []
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // `_shared.ts` is a helper, `x.test.ts` a test, `x.d.ts` a type.
    if (entry.name.startsWith('_') || entry.name.startsWith('.') || /\.(test|spec|d)\.[cm]?ts$/.test(entry.name))
      continue
    const path = join(folder, entry.name)
    // What a link leads to counts: mounted ConfigMaps consist of links. One that leads nowhere is no module.
    const kind = entry.isSymbolicLink() ? await stat(path).catch(() => entry) : entry
    // As Node does it, a module's imports are relative to where it lies.
    const module = async (name: string) => void found.push({ name, path: await realpath(join(folder, name)) })
    if (kind.isFile() && MODULE.test(entry.name)) await module(entry.name)
    if (!kind.isDirectory()) continue
    const inside = await readdir(path).catch(() => [])
    const index = inside.find((file) => /^index\.[cm]?[jt]s$/.test(file))
    if (index) await module(`${entry.name}/${index}`)
  }
  return found
}

async function resolveEntry(
  entry: string,
  root: string | undefined,
  note: (file: string) => Promise<void>,
): Promise<unknown> {
  const { resolve } = await import('node:path')
  const base = root ?? process.cwd()
  if (!entry.startsWith('.') && !entry.startsWith('/')) return defaultOf(importModule(entry, base))
  const path = resolve(base, entry)
  await note(path)
  return defaultOf(importModule(path, base))
}

async function defaultOf(module: Promise<unknown>): Promise<unknown> {
  const value = ((await module) as { default?: unknown }).default
  // A CommonJS module that was compiled from ESM: Node takes the whole of its exports for the default.
  return (value as { __esModule?: boolean } | undefined)?.__esModule ? (value as { default?: unknown }).default : value
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error)
}
