import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { project } from './project.ts'

const LOAD = new URL('../../../src/config/load.ts', import.meta.url).href
const NODE_MODULES = new URL('../../../node_modules/', import.meta.url)

/** Runs a module in plain Node, where `import()` is Node's own and not the test runner's; returns what it prints. */
function node(cwd: string, script: string): unknown {
  const source = `
import { loadGatewayConfig } from ${JSON.stringify(LOAD)}
import { writeFileSync } from 'node:fs'
const load = async () => {
  try { return (await loadGatewayConfig({ env: {} })).config } catch (error) { return error.message }
}
${script}`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', source], { cwd, encoding: 'utf8' })
  return JSON.parse(output)
}

describe('in plain Node', () => {
  it('sees the edits of a config in TypeScript, its imports and what Node cannot strip', () => {
    const cwd = project({ 'port.ts': 'export const port: number = 0' })
    const script = `
const seen = []
for (const text of [
  'const port: number = 1\\nexport default { port }',
  'const port: number = 2\\nexport default { port }',
  'enum Port { Main = 3 }\\nexport default { port: Port.Main }',
  'import { port } from "./port"\\nexport default { port }',
]) {
  writeFileSync('gateway.config.ts', text)
  seen.push(await load())
}
writeFileSync('port.ts', 'export const port: number = 5')
seen.push(await load())
console.log(JSON.stringify(seen))`
    expect(node(cwd, script)).toEqual([{ port: 1 }, { port: 2 }, { port: 3 }, { port: 0 }, { port: 5 }])
  })

  it('sees the edits of a file imported with its ending', () => {
    const cwd = project({
      'port.mjs': 'export const port = 1',
      'gateway.config.mjs': 'import { port } from "./port.mjs"\nexport default { port }',
    })
    const script = `
const first = await load()
writeFileSync('port.mjs', 'export const port = 2')
console.log(JSON.stringify([first, await load()]))`
    expect(node(cwd, script)).toEqual([{ port: 1 }, { port: 2 }])
  })

  it('gives the config the same instances of packages, also on a reload', () => {
    const zod = pathToFileURL(join(new URL('zod/index.js', NODE_MODULES).pathname)).href
    const cwd = project({
      'gateway.config.ts': `
import { z } from ${JSON.stringify(zod)}
import { host } from './host.ts'
export default { host, environment: (globalThis as any).sameZod === z }`,
      'host.ts': 'export const host = "h"',
    })
    const script = `
globalThis.sameZod = (await import(${JSON.stringify(zod)})).z
console.log(JSON.stringify([await load(), await load()]))`
    expect(node(cwd, script)).toEqual([
      { host: 'h', environment: true },
      { host: 'h', environment: true },
    ])
  })

  it('names the place of a mistake in TypeScript', () => {
    const cwd = project({ 'gateway.config.ts': 'const a: string = "x"\nexport default { port: , host: a }' })
    expect(node(cwd, 'console.log(JSON.stringify(await load()))')).toBe(
      'gateway.config.ts: cannot be read: Unexpected token at line 2, column 23. Correct the file.',
    )
  })

  it('says what the config itself threw', () => {
    const cwd = project({ 'gateway.config.ts': 'throw new Error("the vault is closed")' })
    expect(node(cwd, 'console.log(JSON.stringify(await load()))')).toBe(
      'gateway.config.ts: cannot be read: the vault is closed. Correct the file.',
    )
  })
})
