import type { IncomingMessage, ServerResponse } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLiveGateway } from '../../src/server/live-gateway.ts'
import type { LiveGateway } from '../../src/server/live-gateway.ts'
import { logger } from '../../src/logger.ts'
import { serveHandler } from '../support/serve.ts'

let cwd: string
let live: LiveGateway
let served: Awaited<ReturnType<typeof serveHandler>>
const messages: string[] = []

const config = (echo: string, extra = '') => `
models:
  - { name: ${echo}, model: mock/echo }
  - { name: always, model: mock/echo }
providers: { mock: { pace: 0, latency: 0 } }
${extra}`

beforeEach(async () => {
  messages.length = 0
  logger.setReporters([{ log: (entry) => void messages.push(entry.args.join(' ')) }])
  cwd = await mkdtemp(join(tmpdir(), 'ungate-reload-'))
  await writeFile(join(cwd, 'gateway.config.yaml'), config('first'))
  live = await createLiveGateway({ cwd })
  served = await serveHandler((request: IncomingMessage, response: ServerResponse) => live.handler(request, response))
})
afterEach(async () => {
  await served.close()
  await live.close()
  await rm(cwd, { recursive: true })
})

async function ask(model: string): Promise<number> {
  const response = await fetch(`${served.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  await response.arrayBuffer()
  return response.status
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`never became true; log: ${messages.join('\n')}`)
}

it('picks up an edit by itself, and keeps the old config when the new one is broken', async () => {
  live.watch()
  expect(await ask('first')).toBe(200)
  await writeFile(join(cwd, 'gateway.config.yaml'), config('second'))
  await until(async () => (await ask('second')) === 200)
  expect(await ask('first')).toBe(404)
  await writeFile(join(cwd, 'gateway.config.yaml'), config('third', 'port: many'))
  await until(async () => messages.some((message) => message.includes('the old one keeps running')))
  expect(messages.join('\n')).toContain('gateway.config.yaml: port')
  expect(await ask('second')).toBe(200)
})

it('keeps the config whose file is gone, and reads it when it is back', async () => {
  live.watch()
  await rm(join(cwd, 'gateway.config.yaml'))
  await until(async () => messages.some((message) => message.includes('gateway.config.yaml: is gone.')))
  expect(await ask('first')).toBe(200)
  await writeFile(join(cwd, 'gateway.config.yaml'), config('second'))
  await until(async () => (await ask('second')) === 200)
})

it('notices a config that is written while it runs without one', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'ungate-reload-'))
  const bare = await createLiveGateway({ cwd: empty })
  try {
    bare.watch()
    await writeFile(join(empty, 'gateway.config.yaml'), config('first'))
    await until(async () => bare.loaded.source === 'gateway.config.yaml')
    expect(bare.current.models()).toHaveLength(2)
  } finally {
    await bare.close()
    await rm(empty, { recursive: true })
  }
})

it('makes a new plugin live, and a removed one dead', async () => {
  const { mkdir } = await import('node:fs/promises')
  await mkdir(join(cwd, 'plugins'))
  live.watch()
  const plugin = `import { definePlugin, GatewayError, z } from '@ungate/gateway'
export default definePlugin({ name: 'closed', options: z.object({}), setup: () => ({ auth() { throw new GatewayError(403, 'closed') } }) })`
  await writeFile(join(cwd, 'plugins/closed.ts'), plugin)
  await until(async () => (await ask('always')) === 403)
  await writeFile(join(cwd, 'plugins/closed.ts'), plugin.replace('403', '429'))
  await until(async () => (await ask('always')) === 429)
  await rm(join(cwd, 'plugins/closed.ts'))
  await until(async () => (await ask('always')) === 200)
})

it('fails no request while it reloads fifty times', { timeout: 60_000 }, async () => {
  const statuses = new Map<number, number>()
  let done = false
  const clients = Array.from({ length: 8 }, async () => {
    while (!done) {
      const status = await ask('always')
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  })
  for (let i = 0; i < 50; i++) {
    await writeFile(join(cwd, 'gateway.config.yaml'), config(`model-${i}`))
    expect(await live.reload()).toBe(true)
  }
  done = true
  await Promise.all(clients)
  expect([...statuses.keys()]).toEqual([200])
  expect(statuses.get(200)).toBeGreaterThan(50)
})
