import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { createLiveGateway } from '../../src/server/live-gateway.ts'
import type { LiveGateway } from '../../src/server/live-gateway.ts'
import { logger } from '../../src/logger.ts'

const MODELS = 'models: [{ name: a, model: mock/echo }]\n'
const LOCKED = `${MODELS}plugins: { master-key: { key: sk-of-the-master } }\n`
let cwd: string
let file: string
const messages: string[] = []

beforeEach(async () => {
  messages.length = 0
  logger.setReporters([{ log: (entry) => void messages.push(entry.args.join(' ')) }])
  cwd = await mkdtemp(join(tmpdir(), 'ungate-reload-'))
  file = join(cwd, 'gateway.config.yaml')
})
afterEach(() => rm(cwd, { recursive: true }))

async function liveWith(text: string): Promise<LiveGateway> {
  await writeFile(file, text)
  const live = await createLiveGateway({ cwd })
  onTestFinished(() => live.close())
  return live
}

const keyless = async ({ current }: LiveGateway): Promise<number> =>
  (await current.fetch('http://localhost/v1/models')).status

it.each(['', '# to be written\n', '{}\n'])(
  'a config that is emptied (%j) before it is written anew stays in force',
  async (text) => {
    const live = await liveWith(LOCKED)
    await writeFile(file, text)
    expect(await live.reload()).toBe(false)
    expect(messages.join('\n')).toContain('gateway.config.yaml: is empty.')
    expect(live.current.models()).toEqual(['a'])
    expect(await keyless(live)).toBe(401)
    await writeFile(file, LOCKED.replace('name: a', 'name: b'))
    expect(await live.reload()).toBe(true)
    expect(live.current.models()).toEqual(['b'])
  },
)

it('an empty config that stays empty is loaded again', async () => {
  const live = await liveWith('')
  expect(await live.reload()).toBe(true)
})

it('an edit never takes the lock off', async () => {
  const live = await liveWith(LOCKED)
  await writeFile(file, MODELS)
  expect(await live.reload()).toBe(false)
  expect(messages.join('\n')).toContain('gateway.config.yaml: no master key any more')
  expect(await keyless(live)).toBe(401)
  await writeFile(file, LOCKED.replace('sk-of-the-master', 'sk-of-another-master'))
  expect(await live.reload()).toBe(true)
  expect(await keyless(live)).toBe(401)
})

it('an edit puts a lock on', async () => {
  const live = await liveWith(MODELS)
  expect(await keyless(live)).toBe(200)
  await writeFile(file, LOCKED)
  expect(await live.reload()).toBe(true)
  expect(await keyless(live)).toBe(401)
})

it('a gateway that is going down is not made ready again by an edit', async () => {
  const live = await liveWith(MODELS)
  const ready = async () => (await live.current.fetch('http://localhost/health/readiness')).status
  expect(await ready()).toBe(200)
  const reloading = live.reload()
  live.drain()
  await reloading
  expect(await ready()).toBe(503)
  await writeFile(file, LOCKED)
  expect(await live.reload()).toBe(false)
  expect(await ready()).toBe(503)
})

it('says that another port or host has to wait', async () => {
  const live = await liveWith(`${MODELS}port: 4100\n`)
  await writeFile(file, `${MODELS}port: 4100\nhost: localhost\n`)
  expect(await live.reload()).toBe(true)
  const said = () => messages.filter((message) => message.includes('takes effect at the next start'))
  expect(said()).toEqual(['gateway.config.yaml: host: has changed, which takes effect at the next start.'])
  await writeFile(file, `${MODELS}host: localhost\n`)
  expect(await live.reload()).toBe(true)
  expect(said().slice(1)).toEqual(['gateway.config.yaml: port: has changed, which takes effect at the next start.'])
})
