import { readFileSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { LITELLM_MARKS } from './litellm-keys.ts'
import { resolveFile } from './local-imports.ts'
import { ConfigError, displayPath } from './problem.ts'
import { CONFIG_ENDINGS } from './read.ts'

/** `gateway.config.*` in the folder, or `.config/gateway.*` as c12 knows it. */
export function findConfig(cwd: string): string | undefined {
  const bases = [join(cwd, 'gateway.config'), join(cwd, '.config', 'gateway')]
  return bases.map((base) => resolveFile(base, CONFIG_ENDINGS)).find((file) => file !== undefined)
}

/** The usual name of a LiteLLM config. */
export function findDefault(cwd: string): string | undefined {
  return defaultConfigs(cwd).find(isFile)
}

/** Every place in the folder that a config is looked for at: one that is written there later is to be noticed. */
export function configPlaces(cwd: string): string[] {
  return [...CONFIG_ENDINGS.map((ending) => join(cwd, `gateway.config${ending}`)), ...defaultConfigs(cwd)]
}

function defaultConfigs(cwd: string): string[] {
  return ['config.yaml', 'config.yml'].map((name) => join(cwd, name))
}

/** True for a text that has one of LiteLLM's keys at the top. */
export function looksLitellm(file: string): boolean {
  const text = readFileSync(file, 'utf8')
  return LITELLM_MARKS.some((key) => new RegExp(`^["']?${key}["']?\\s*:`, 'm').test(text))
}

/** Says which of several configs is used. */
export function otherConfigs(cwd: string, file: string): string[] {
  const others = CONFIG_ENDINGS.map((ending) => join(cwd, `gateway.config${ending}`)).filter(
    (other) => other !== file && isFile(other),
  )
  return others.map((other) => `${displayPath(file, cwd)} is used; ${basename(other)} beside it is ignored.`)
}

/** The path of an explicit config. Throws a ConfigError where it is none. */
export function checkFile(file: string, cwd: string): string {
  const refuse = (message: string): never => {
    throw new ConfigError([{ file: displayPath(file, cwd), path: '', message }])
  }
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) return refuse('was not found. Check the path given as config.')
  if (found.isDirectory()) return refuse('is a folder. Give the path of a file.')
  if (!CONFIG_ENDINGS.includes(extname(file))) {
    return refuse(`is no config of a known kind. Use one of ${CONFIG_ENDINGS.join(', ')}.`)
  }
  return file
}

export function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}
