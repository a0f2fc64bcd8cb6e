import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { start } from '../support/process.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
let folder: string
let project: string

/** The environment of a stranger's shell: none of this repository's tools, none of its keys. */
function cleanEnv(): NodeJS.ProcessEnv {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'))
  const env: NodeJS.ProcessEnv = { PATH: path.join(delimiter), HOME: process.env['HOME'] }
  for (const name of [
    'npm_config_registry',
    'npm_config_cafile',
    'NODE_EXTRA_CA_CERTS',
    'HTTPS_PROXY',
    'HTTP_PROXY',
    'NO_PROXY',
  ]) {
    if (process.env[name] !== undefined) env[name] = process.env[name]
  }
  return env
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ungate-package-'))
  project = join(folder, 'project')
  await mkdir(join(project, 'plugins'), { recursive: true })
  await writeFile(join(project, 'package.json'), '{ "name": "stranger", "private": true, "type": "module" }')
  await run('npm', ['pack', '--pack-destination', folder], { cwd: root })
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'))!
  await run('npm', ['install', '--no-audit', '--no-fund', join(folder, tarball)], { cwd: project, env: cleanEnv() })
}, 240_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

it(
  'runs `npx gateway dev` in an empty project, with a TypeScript plugin that is live by being there',
  { timeout: 60_000 },
  async () => {
    await writeFile(
      join(project, 'plugins/stamp.ts'),
      `import { definePlugin, z } from '@ungate/gateway'
export default definePlugin({
  name: 'stamp',
  options: z.object({ text: z.string().default('hi') }),
  setup: ({ text }) => ({ route(ctx) { ctx.headers['x-stamp'] = text as string } }),
})`,
    )
    const dev = start('npx', ['gateway', 'dev', '--port', '0'], { cwd: project, env: cleanEnv() })
    try {
      const url = (await dev.waitFor(/http:\/\/localhost:\d+/))[0]
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        body: '{"model":"mock/echo","messages":[{"role":"user","content":"Hello"}]}',
      })
      expect(response.headers.get('x-stamp')).toBe('hi')
      expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'Hello' } }] })
      expect(dev.output()).toContain('stamp (plugins/stamp.ts)')
    } finally {
      await dev.stop()
    }
  },
)

it('is a library', { timeout: 60_000 }, async () => {
  const script = `import { createGateway } from '@ungate/gateway'
const gateway = await createGateway({ environment: true }, { env: {} })
const response = await gateway.fetch('http://gateway/v1/models')
console.log(response.status)
await gateway.close()`
  await writeFile(join(project, 'library.mjs'), script)
  const { stdout } = await run('node', ['library.mjs'], { cwd: project, env: cleanEnv() })
  expect(stdout.trim()).toBe('200')
})

it('has an entry that loads nothing of Node at once, and can be required', { timeout: 60_000 }, async () => {
  const entry = join(project, 'node_modules/@ungate/gateway/dist/src/index.js')
  const files = [entry]
  const packages = new Set<string>()
  for (const file of files) {
    for (const [, from] of (await readFile(file, 'utf8')).matchAll(/^(?:import|export)\b[^'"();]*["']([^"']+)["']/gm)) {
      if (!from!.startsWith('.')) packages.add(from!)
      else if (!files.includes(resolve(file, '..', from!))) files.push(resolve(file, '..', from!))
    }
  }
  expect(files.length).toBeGreaterThan(1)
  expect([...packages].sort()).toEqual(['h3', 'srvx'])
  await writeFile(join(project, 'old.cjs'), `console.log(typeof require('@ungate/gateway').createGateway)`)
  const { stdout } = await run('node', ['old.cjs'], { cwd: project, env: cleanEnv() })
  expect(stdout.trim()).toBe('function')
})

it('completes and checks the options of plugins in a config', { timeout: 60_000 }, async () => {
  const config = `import { defineGatewayConfig } from '@ungate/gateway'
export default defineGatewayConfig({ plugins: { cache: { ttl: 600 }, retry: false, mine: { anything: 1 } } })
// @ts-expect-error -- no such option
defineGatewayConfig({ plugins: { cache: { tll: 600 } } })
// @ts-expect-error -- a list is meant
defineGatewayConfig({ plugins: { fallback: { fallbacks: [{ smart: 'house' }] } } })
// @ts-expect-error -- no such key
defineGatewayConfig({ model: [] })`
  await writeFile(join(project, 'gateway.config.ts'), config)
  const options = { strict: true, noEmit: true, module: 'nodenext', target: 'es2023', skipLibCheck: true }
  const typeRoots = [join(root, 'node_modules/@types')]
  const compilerOptions = { ...options, types: ['node'], typeRoots }
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['gateway.config.ts'] }))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = await run('node', [tsc, '-p', project]).catch((error: { stdout: string }) => error)
  expect(stdout).toBe('')
})
