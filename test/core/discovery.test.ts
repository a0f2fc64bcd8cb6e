import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createGateway } from '../../src/index.ts'
import type { AnyPluginDefinition } from '../../src/index.ts'

/** A project of these files. Its packages find no gateway, and need none. */
async function projectOf(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'ungate-discovery-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), text)
  }
  return root
}

const plugin = (name: string) =>
  `{ kind: 'plugin', name: '${name}', options: { '~standard': {}, safeParse: (data) => ({ success: true, data }) }, setup: () => ({}) }`
const manifest = (more: object) => JSON.stringify({ version: '1.0.0', ...more })

it('loads packages that can only be imported, and those of CommonJS however they were written', async () => {
  const root = await projectOf({
    'node_modules/esm-only/package.json': manifest({ type: 'module', exports: { '.': { import: './index.js' } } }),
    'node_modules/esm-only/index.js': `export default ${plugin('esm-only')}`,
    'node_modules/compiled/package.json': manifest({ main: 'index.js' }),
    'node_modules/compiled/index.js': `"use strict"
Object.defineProperty(exports, "__esModule", { value: true })
exports.default = ${plugin('compiled')}`,
    'node_modules/old/package.json': manifest({ main: 'lib.js' }),
    'node_modules/old/lib.js': `module.exports = ${plugin('old')}`,
    'node_modules/old/more.js': `module.exports = ${plugin('more')}`,
  })
  const use = ['esm-only', 'compiled', 'old', 'old/more.js']
  const gateway = await createGateway({ environment: true, use }, { root, env: {} })
  expect(gateway.plugins.filter(({ from }) => use.includes(from)).map(({ name }) => name)).toEqual([
    'esm-only',
    'compiled',
    'old',
    'more',
  ])
  await gateway.close()
  await expect(createGateway({ use: ['not-there'] }, { root, env: {} })).rejects.toThrow(
    "not-there: could not be loaded: Cannot find module 'not-there'",
  )
})

it('loads the modules of both kinds from folders', async () => {
  const root = await projectOf({
    'plugins/one.cjs': `module.exports = ${plugin('one')}`,
    'plugins/two.cts': `export default ${plugin('two')}`,
    'plugins/three/index.cjs': `module.exports = ${plugin('three')}`,
    'plugins/four.mjs': `export default ${plugin('four')}`,
    'plugins/five.js': `module.exports = ${plugin('five')}`,
    'plugins/types.d.cts': 'export type A = string',
  })
  const gateway = await createGateway({ environment: true }, { root, env: {} })
  const found = gateway.plugins.filter(({ from }) => from.startsWith('plugins/')).map(({ name }) => name)
  expect(found.sort()).toEqual(['five', 'four', 'one', 'three', 'two'])
  await gateway.close()
})

it('says which options are no schema that can be read', async () => {
  const old = { parse: () => ({}), safeParse: (data: unknown) => ({ success: true, data }) }
  const definition = (more: object) =>
    ({ name: 'tested', setup: () => ({}), ...more }) as unknown as AnyPluginDefinition
  const problemOf = (more: object) => createGateway({ use: [definition(more)] }, { env: {} })
  const fix = 'Make one with `z` from @ungate/gateway, or from zod 4.'
  await expect(problemOf({ kind: 'provider', options: old })).rejects.toThrow(
    `config: the options of provider tested are a schema of zod 3. ${fix}`,
  )
  await expect(problemOf({ kind: 'plugin' })).rejects.toThrow(
    `config: the options of plugin tested are no zod schema. ${fix}`,
  )
})
