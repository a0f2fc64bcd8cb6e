import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkFile, configPlaces, findConfig, findDefault, isFile, looksLitellm, otherConfigs } from './find.ts'
import { checkGatewayConfig } from './check.ts'
import { missingVariable, readEnv, resolveEnv } from './env.ts'
import { isLitellmConfig, translateLitellm } from './litellm.ts'
import { loadIncludes } from './litellm-include.ts'
import { localImports, resolveFile } from './local-imports.ts'
import { mergePlain } from './plain.ts'
import { ConfigError, displayPath, toPath } from './problem.ts'
import { CONFIG_ENDINGS, isCode, readConfigFile } from './read.ts'
import { readErrorText } from './read-error.ts'
import type { GatewayConfig } from '../types/config.ts'
import type { LitellmSettings } from './litellm.ts'
import type { Plain } from './plain.ts'

export { ConfigError } from './problem.ts'
export type { ConfigProblem } from './problem.ts'

export interface LoadConfigOptions {
  /** Where to look for a config. Default: the process's folder. */
  cwd?: string
  /** A config of any kind, relative to `cwd` (`--config`). */
  file?: string
  /** Default `process.env`. Variables of `.env` and `environment_variables` are added to it. */
  env?: NodeJS.ProcessEnv
  /** Receives every place that was looked at, also what is not there and where loading fails: an edit there may mend it. */
  looked?: Set<string>
}

/** `LoadedConfig.source` where there is no config. */
export const NO_CONFIG = 'none'

export interface LoadedConfig {
  config: GatewayConfig
  /** Settings of a LiteLLM config that plugins may claim; see `applyLitellmSettings`. */
  litellm?: LitellmSettings
  /**
   * What to watch: absolute paths of all that was read, the config, what it extends, includes and imports, `.env`; without
   * a config also those that it may come at.
   */
  files: string[]
  /** The project's folder: the config's own, or `cwd` without one. Folders and paths in the config are relative to it. */
  root: string
  /** The config's path as shown to the user, or `none`. */
  source: string
  warnings: string[]
}

interface Loading {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly files: Set<string>
  readonly looked: Set<string>
}

/**
 * Finds, reads and checks the config: `file`, else `gateway.config.*` in `cwd` (or `.config/gateway.*`), else a
 * `config.yaml` that is LiteLLM's, else none. Files are read anew on every call.
 * @throws ConfigError with every problem found
 */
export async function loadGatewayConfig(options: LoadConfigOptions = {}): Promise<LoadedConfig> {
  const loaded = await load(options)
  return { ...loaded, warnings: [...loaded.warnings, ...unusedProxies(options.env ?? process.env)] }
}

async function load(options: LoadConfigOptions): Promise<LoadedConfig> {
  const cwd = resolve(options.cwd ?? process.cwd())
  const loading: Loading = {
    cwd,
    env: options.env ?? process.env,
    files: new Set(),
    looked: options.looked ?? new Set(),
  }
  const explicit = options.file === undefined ? undefined : checkFile(resolve(cwd, options.file), cwd)
  const file = explicit ?? findConfig(cwd)
  const root = explicit === undefined ? cwd : dirname(explicit)
  await loadDotenv(root, loading)
  if (file === undefined) return loadDefault(loading)

  const warnings = explicit === undefined ? otherConfigs(cwd, file) : []
  const raw = await readOrThrow(file, loading)
  const loaded =
    isCode(file) || !isLitellmConfig(raw) ? await native(raw, file, loading) : await litellm(raw, file, loading)
  return {
    ...loaded,
    root,
    source: displayPath(file, cwd),
    files: [...loading.files],
    warnings: [...warnings, ...loaded.warnings],
  }
}

/** Without `gateway.config.*`: a LiteLLM config under its usual name, else nothing. */
async function loadDefault(loading: Loading): Promise<LoadedConfig> {
  const none = { config: {}, root: loading.cwd, source: NO_CONFIG, warnings: [] }
  const file = findDefault(loading.cwd)
  if (file === undefined) return { ...none, files: [...loading.files, ...configPlaces(loading.cwd)] }
  // Any tool may own a config.yaml: one that is not LiteLLM's is left alone, also when it cannot be read.
  const raw = looksLitellm(file) ? await readOrThrow(file, loading) : {}
  if (!isLitellmConfig(raw)) return { ...none, files: [...loading.files, ...configPlaces(loading.cwd)] }
  const loaded = await litellm(raw, file, loading)
  return { ...loaded, root: loading.cwd, source: displayPath(file, loading.cwd), files: [...loading.files] }
}

type Translated = Pick<LoadedConfig, 'config' | 'warnings' | 'litellm'>

async function native(raw: Plain, file: string, loading: Loading): Promise<Translated> {
  const shown = displayPath(file, loading.cwd)
  const { use, ...rest } = await extended(raw, file, { loading, chain: [file] })
  const { value, missing, filled } = resolveEnv(rest, loading.env)
  // Definitions in `use` are programs, not data: they are kept as they are.
  const config: Plain = use === undefined ? (value as Plain) : { ...(value as Plain), use }
  const absent = new Set(missing.map(({ path }) => toPath(path)))
  const problems = [
    ...missing.map(({ path, variable }) => ({ file: shown, path: toPath(path), message: missingVariable(variable) })),
    ...checkGatewayConfig(config, { file: shown, filled }).filter(({ path }) => !absent.has(path)),
  ]
  if (problems.length > 0) throw new ConfigError(problems)
  return { config: config as GatewayConfig, warnings: [] }
}

async function litellm(raw: Plain, file: string, loading: Loading): Promise<Translated> {
  const { cwd, env } = loading
  const read = (path: string): Promise<Plain> => readConfigFile(path, env['NODE_ENV'])
  const look = (path: string) => void loading.looked.add(path)
  const { includes, files, problems } = await loadIncludes(raw, { file, cwd, env, read, look })
  for (const included of files) loading.files.add(included)
  const translated = translateLitellm(raw, { file: displayPath(file, cwd), env, includes })
  const all = [...problems, ...translated.problems]
  if (all.length > 0) throw new ConfigError(all)
  return { config: translated.config, litellm: translated.settings, warnings: translated.warnings }
}

/** Adds what the configs in `extends` have and this one has not; the first listed wins. Local only: nothing is fetched. */
async function extended(
  raw: Plain,
  file: string,
  { loading, chain }: { loading: Loading; chain: readonly string[] },
): Promise<Plain> {
  const { extends: bases, ...own } = raw
  if (bases === undefined || bases === null) return own
  const layers: Plain[] = []
  for (const base of [bases].flat()) {
    const target = typeof base === 'string' ? resolveBase(base, file, loading.looked) : undefined
    if (target === undefined || chain.includes(target)) {
      const reason = target === undefined ? 'was not found' : 'extends this file in turn'
      const fix =
        target === undefined ? 'Give a relative path or the name of an installed package.' : 'Remove one of the two.'
      const message = `${JSON.stringify(base)} ${reason}. ${fix}`
      throw new ConfigError([{ file: displayPath(file, loading.cwd), path: 'extends', message }])
    }
    layers.push(await extended(await readOrThrow(target, loading), target, { loading, chain: [...chain, target] }))
  }
  return mergePlain(own, ...layers)
}

function resolveBase(base: string, file: string, looked: Set<string>): string | undefined {
  if (/^\.{0,2}\//.test(base)) {
    const path = resolve(dirname(file), base)
    const endings = ['', ...CONFIG_ENDINGS]
    for (const ending of endings) looked.add(path + ending)
    return resolveFile(path, endings)
  }
  try {
    return createRequire(pathToFileURL(file)).resolve(base)
  } catch {
    return undefined
  }
}

async function readOrThrow(file: string, { cwd, env, files, looked }: Loading): Promise<Plain> {
  files.add(file)
  looked.add(file)
  if (isCode(file)) {
    for (const imported of localImports(file, (path) => looked.add(path))) files.add(imported)
  }
  try {
    return await readConfigFile(file, env['NODE_ENV'])
  } catch (error) {
    const message = `cannot be read: ${readErrorText(error)}. Correct the file.`
    throw new ConfigError([{ file: displayPath(file, cwd), path: '', message }])
  }
}

/** Variables that are already set stay; what an earlier load took from the file follows its edits. */
async function loadDotenv(root: string, { cwd, env, files, looked }: Loading): Promise<void> {
  // Of two files the later wins: the one where the command runs.
  const places = [...new Set([join(root, '.env'), join(cwd, '.env')])]
  for (const place of places) looked.add(place)
  const names = places.filter(isFile)
  for (const name of names) files.add(name)
  const own = dotenvNames.get(env) ?? new Set<string>()
  if (names.length === 0 && own.size === 0) return
  dotenvNames.set(env, own)
  const { loadDotenv: readDotenv } = await import('c12')
  // No interpolation: a `$` in a key is a `$`.
  const found = await readDotenv({ cwd, fileName: names, env: {}, interpolate: false })
  for (const name of own) {
    if (found[name] !== undefined) continue
    own.delete(name)
    delete env[name]
  }
  for (const [name, value] of Object.entries(found)) {
    if (env[name] !== undefined && !own.has(name)) continue
    own.add(name)
    env[name] = value
  }
}

/** Variables that a `.env` set: an edit of the file may change these or take them back, and only these. */
const dotenvNames = new WeakMap<NodeJS.ProcessEnv, Set<string>>()

/** Python's clients take these from the environment, and so does whoever comes from LiteLLM. */
function unusedProxies(env: NodeJS.ProcessEnv): string[] {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy']
  const given = names.filter((name) => readEnv(env, name) !== undefined)
  if (given.length === 0) return []
  return [
    `No proxy is used: providers are called directly, whatever ${given.join(' and ')} ${given.length > 1 ? 'say' : 'says'}. ` +
      'Let this machine reach them, or give deployments the baseURL of something that does.',
  ]
}
