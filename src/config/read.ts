import { readFile } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import { resolveEnv } from './env.ts'
import { isPlain, mergePlain } from './plain.ts'
import { importModule } from '../import-module.ts'
import { importFresh } from './import-fresh.ts'
import { parseJson } from './read-error.ts'
import type { LoadConfigOptions } from 'c12'
import type { Plain } from './plain.ts'

/** The kinds of config files, in the order in which they are looked for. */
export const CONFIG_ENDINGS: readonly string[] =
  '.ts .mts .js .mjs .cts .cjs .json .jsonc .json5 .yaml .yml .toml'.split(' ')

/** True for configs that are programs. */
export function isCode(file: string): boolean {
  return /^\.[mc]?[jt]s$/.test(extname(file))
}

/**
 * Reads one config file of any kind, always from disk. `$development`, `$production`, `$env` are applied by `envName`.
 * Throws what the parser or the config itself throws; see `readErrorText`.
 */
export async function readConfigFile(file: string, envName: string | undefined): Promise<Plain> {
  if (/\.ya?ml$/.test(file) && isEmptyYaml(await readFile(file, 'utf8'))) return {}
  const { loadConfig } = await import('c12')
  const load = async (importer?: Importer): Promise<Plain> => {
    const options: LoadConfigOptions = {
      name: 'gateway',
      configFile: file,
      configFileRequired: true,
      rcFile: false,
      globalRc: false,
      packageJson: false,
      giget: false,
      extend: false,
      envName: envName || false,
      omit$Keys: true,
      merger: mergeChecked,
    }
    if (importer) options.jiti = { import: importer } as unknown as NonNullable<LoadConfigOptions['jiti']>
    const { config } = await loadConfig(options)
    if (!isPlain(config)) throw new Error('it must hold a map of options')
    // YAML can make a map that contains itself; this throws on one.
    if (!isCode(file)) resolveEnv(config, {})
    return config
  }
  // c12 requires JSON through a cache that never forgets: an edit would not be seen.
  if (extname(file) === '.json') return load(async (id) => parseJson(await readFile(id, 'utf8')) ?? {})
  // c12 has parsers for the others; it would load jiti all the same.
  return isCode(file)
    ? loadCode(file, load)
    : load(() => Promise.reject(new Error('it is of a kind that is not known')))
}

/**
 * Node's own import first: then what the config imports are the same instances that the gateway sees. jiti takes over
 * where Node cannot: TypeScript and reloads on Node 20, enums, imports without ending, and our own package's name where
 * it is not installed (a clone that has not been built).
 */
async function loadCode(file: string, load: (importer?: Importer) => Promise<Plain>): Promise<Plain> {
  let imported: { default: unknown } | undefined
  try {
    imported = await importFresh(file)
  } catch (error) {
    if (!isLinkError(error)) throw error
  }
  const found = imported ?? ((await importModule(file, dirname(file))) as { default?: unknown })
  return load(async () => ('default' in found ? found.default : found))
}

/** True for errors of parsing and resolving, false for what the config threw by itself. */
function isLinkError(error: unknown): boolean {
  return error instanceof SyntaxError || String((error as { code?: unknown }).code).startsWith('ERR_')
}

function mergeChecked(...sources: (Plain | null | undefined)[]): Plain {
  const given = sources.filter((source) => source !== undefined && source !== null)
  if (!given.every(isPlain)) throw new Error('it must hold a map of options')
  return mergePlain(...given)
}

/** c12 fails on a file without a value. */
function isEmptyYaml(text: string): boolean {
  return text.split('\n').every((line) => /^\s*(#.*|---\s*|\.\.\.\s*)?$/.test(line))
}

type Importer = (id: string) => Promise<unknown>
