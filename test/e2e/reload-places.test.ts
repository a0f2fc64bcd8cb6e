import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLiveGateway } from '../../src/server/live-gateway.ts'
import type { LiveGateway } from '../../src/server/live-gateway.ts'
import { logger } from '../../src/logger.ts'

let base: string
let cwd: string
let live: LiveGateway | undefined
const messages: string[] = []

const config = (name: string, extra = '') => `models: [{ name: ${name}, model: mock/echo }]\n${extra}`
const plugin = (name: string, helper: string) => `import { definePlugin, GatewayError, z } from '@ungate/gateway'
import { status } from '${helper}'
export default definePlugin({ name: '${name}', options: z.object({}), setup: () => ({
  auth() { if (status > 0) throw new GatewayError(status, 'closed') },
}) })`

beforeEach(async () => {
  messages.length = 0
  logger.setReporters([{ log: (entry) => void messages.push(entry.args.join(' ')) }])
  base = await mkdtemp(join(tmpdir(), 'ungate-reload-'))
  cwd = join(base, 'project')
  await mkdir(cwd)
})
afterEach(async () => {
  await live?.close()
  live = undefined
  await rm(base, { recursive: true })
})

async function write(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(base, name)), { recursive: true })
  await writeFile(join(base, name), text)
}

async function watching(): Promise<LiveGateway> {
  live = await createLiveGateway({ cwd })
  live.watch()
  return live
}

const models = (expected: string[]) =>
  vi.waitFor(() => expect(live!.current.models(), messages.join('\n')).toEqual(expected), 10_000)
const refused = () => vi.waitFor(() => expect(messages.join('\n')).toContain('the old one keeps running'), 10_000)
const status = (expected: number) =>
  vi.waitFor(async () => {
    const response = await live!.current.fetch('http://localhost/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'a', messages: [{ role: 'user', content: 'Hello' }], mock_response: 'x' }),
    })
    await response.arrayBuffer()
    expect(response.status).toBe(expected)
  }, 10_000)

it('follows a config that is a link: edits behind it, and the link itself', async () => {
  await write('one.yaml', config('a'))
  await write('two.yaml', config('c'))
  await symlink('../one.yaml', join(cwd, 'gateway.config.yaml'))
  await watching()
  await write('one.yaml', config('b'))
  await models(['b'])
  await symlink('../two.yaml', join(cwd, 'next'))
  await rename(join(cwd, 'next'), join(cwd, 'gateway.config.yaml'))
  await models(['c'])
})

it('follows a folder on the way that is a link to another release', async () => {
  await write('releases/1/gateway.config.yaml', config('a'))
  await write('releases/2/gateway.config.yaml', config('b'))
  await symlink('releases/1', join(base, 'current'))
  live = await createLiveGateway({ cwd: base, file: 'current/gateway.config.yaml' })
  live.watch()
  await symlink('releases/2', join(base, 'next'))
  await rename(join(base, 'next'), join(base, 'current'))
  await models(['b'])
  await write('releases/2/gateway.config.yaml', config('c'))
  await models(['c'])
})

it('loads plugins that are links, as in a mounted ConfigMap, and follows them', async () => {
  await write('project/gateway.config.yaml', config('a'))
  for (const [version, code] of Object.entries({ v1: 403, v2: 418 })) {
    await write(`project/plugins/..${version}/door.ts`, plugin('door', './_status.ts'))
    await write(`project/plugins/..${version}/_status.ts`, `export const status = ${code}`)
  }
  const plugins = join(cwd, 'plugins')
  await symlink('..v1', join(plugins, '..data'))
  for (const name of ['door.ts', '_status.ts']) await symlink(`..data/${name}`, join(plugins, name))
  await watching()
  await status(403)
  await symlink('..v2', join(plugins, '..next'))
  await rename(join(plugins, '..next'), join(plugins, '..data'))
  await status(418)
})

it('passes over links in the folder that lead nowhere, or in a circle', async () => {
  await write('project/gateway.config.yaml', config('a'))
  await write('project/plugins/door.ts', plugin('door', '../status.ts'))
  await write('project/status.ts', 'export const status = 403')
  await symlink('nowhere.ts', join(cwd, 'plugins', 'lost.ts'))
  await symlink('self.ts', join(cwd, 'plugins', 'self.ts'))
  await symlink('..', join(cwd, 'plugins', 'up'))
  await watching()
  await status(403)
})

it('sees edits of what plugins import from elsewhere, and of those that the config lists', async () => {
  await write('project/gateway.config.yaml', config('a', 'use: [./own/door.ts]'))
  await write('project/own/door.ts', plugin('door', '../../lib/status.ts'))
  await write('lib/status.ts', 'export const status = 0')
  await watching()
  await status(200)
  await write('lib/status.ts', 'export const status = 403')
  await status(403)
  await write('project/own/door.ts', plugin('door', '../../lib/status.ts').replace('(status,', '(418,'))
  await status(418)
})

it('notices when what a refused edit names is there at last', async () => {
  await write('project/gateway.config.yaml', config('a'))
  await watching()
  await write('project/gateway.config.yaml', 'extends: ./base\n')
  await refused()
  await write('project/base.yaml', config('b'))
  await models(['b'])
})

it('notices a `.env` that comes later', async () => {
  await write('project/gateway.config.yaml', config('a'))
  await watching()
  await write('project/gateway.config.yaml', config('env:UNGATE_TEST_NAME_THAT_COMES'))
  await refused()
  await write('project/.env', 'UNGATE_TEST_NAME_THAT_COMES=b\n')
  await models(['b'])
})

it('notices an include of a LiteLLM config that comes later', async () => {
  const entry = (name: string) => `model_list: [{ model_name: ${name}, litellm_params: { model: mock/echo } }]\n`
  await write('project/config.yaml', entry('a'))
  await watching()
  await write('project/config.yaml', `${entry('a')}include: [more.yaml]\n`)
  await refused()
  await write('project/more.yaml', entry('b'))
  await models(['a', 'b'])
})
