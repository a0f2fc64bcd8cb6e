import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { logger } from '../../src/index.ts'
import type { Gateway, GatewayConfig, LogRecord } from '../../src/index.ts'
import { chat, get, makeKeys, start, startUpstream } from './support.ts'

const running: { close(): Promise<void> }[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const one of running.splice(0)) await one.close()
})

async function gatewayWith(config: GatewayConfig): Promise<Gateway> {
  const gateway = await start({ providers: { mock: { pace: 0, latency: 0 } }, ...config })
  running.push(gateway)
  return gateway
}

describe('ollama-logs', () => {
  async function gatewayWithOllama(size?: number): Promise<Gateway> {
    const upstream = await startUpstream(({ body }) => ({
      model: body['model'],
      created_at: '2026-01-01T00:00:00Z',
      message: { role: 'assistant', content: 'Hi' },
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 3,
      eval_count: 2,
    }))
    running.push(upstream)
    return gatewayWith({
      models: [
        { name: 'small', model: 'ollama/llama3.2:1b', baseURL: upstream.url },
        { name: 'big', model: 'ollama/llama3.1:70b', baseURL: upstream.url },
        { name: 'other', model: 'mock/mock' },
      ],
      aliases: { tiny: 'small' },
      plugins: size === undefined ? {} : { 'ollama-logs': { size } },
      use: [makeKeys({ user: { role: 'user' } })],
    })
  }

  const listed = async (gateway: Gateway, path = '/ollama_logs') =>
    ((await get(gateway, path)).body as { data: LogRecord[] }).data.map((record) => record.model)

  it('keeps the calls of Ollama deployments, newest first', async () => {
    const gateway = await gatewayWithOllama()
    expect((await get(gateway, '/ollama_logs')).body).toEqual({ object: 'list', data: [] })
    for (const model of ['small', 'other', 'big', 'tiny']) expect(await chat(gateway, model)).toBe(200)
    await expect.poll(() => listed(gateway)).toEqual(['tiny', 'big', 'small'])
    const { data } = (await get(gateway, '/ollama_logs')).body as { data: LogRecord[] }
    expect(data[0]).toMatchObject({
      model: 'tiny',
      group: 'small',
      provider: 'ollama',
      upstreamModel: 'llama3.2:1b',
      status: 200,
      usage: { input: 3, output: 2 },
    })
    expect(await listed(gateway, '/ollama_logs?limit=1')).toEqual(['tiny'])
    expect(await listed(gateway, '/ollama_logs?model=small')).toEqual(['tiny', 'small'])
    expect(await listed(gateway, '/ollama_logs?model=llama3.1:70b')).toEqual(['big'])
    expect(await listed(gateway, '/ollama_logs?model=other')).toEqual([])
  })

  it('keeps no more than its size', async () => {
    const gateway = await gatewayWithOllama(3)
    for (const model of ['small', 'small', 'big', 'small', 'big']) await chat(gateway, model)
    await expect.poll(() => listed(gateway)).toEqual(['big', 'small', 'big'])
  })

  it('is for admins, and wants a sensible limit', async () => {
    const gateway = await gatewayWithOllama()
    const denied = await get(gateway, '/ollama_logs', 'user')
    expect(denied.status).toBe(403)
    expect(denied.body).toMatchObject({ error: { code: 'admin_only' } })
    for (const limit of ['0', '-1', 'x', '1.5']) {
      const { status, body } = await get(gateway, `/ollama_logs?limit=${limit}`)
      expect(status, limit).toBe(400)
      expect(body).toMatchObject({ error: { param: 'limit' } })
    }
  })
})

describe('log-console', () => {
  async function linesOf(config: GatewayConfig, models: readonly string[]): Promise<string[]> {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const gateway = await gatewayWith(config)
    for (const model of models) await chat(gateway, model)
    await gateway.close()
    return log.mock.calls.map(([line]) => String(line))
  }

  const models = [
    { name: 'fast', model: 'mock/mock' },
    { name: 'broken', model: 'mock/error-500' },
  ]
  const shape = (line: string) => line.replaceAll(/\d\d:\d\d:\d\d/g, 'TIME').replaceAll(/\d+ ms/g, 'N ms')

  it('prints a line per call, equal ones too', async () => {
    const lines = await linesOf({ models, plugins: { 'log-console': true, retry: false } }, [
      'fast',
      'fast',
      'broken',
      'no',
    ])
    expect(lines.map(shape)).toEqual([
      'TIME 200 fast → mock/mock  6+28 tokens  N ms',
      'TIME 200 fast → mock/mock  6+28 tokens  N ms',
      'TIME 500 broken → mock/error-500  N ms  server_error',
      'TIME 404 no  N ms  model_not_found',
    ])
  })

  it('prints JSON for machines', async () => {
    const lines = await linesOf({ models, plugins: { 'log-console': { format: 'json' } } }, ['fast'])
    expect(JSON.parse(lines[0]!)).toMatchObject({ model: 'fast', status: 200, provider: 'mock', upstreamModel: 'mock' })
    expect(lines).toHaveLength(1)
  })

  it('lets no client write lines or terminal sequences', async () => {
    const lines = await linesOf({ models, plugins: { 'log-console': true } }, ['a\n12:00:00 200 forged\u001B[2J\u202E'])
    expect(lines.map(shape)).toEqual(['TIME 404 a�TIME 200 forged�[2J�  N ms  model_not_found'])
  })

  it('is off by default', async () => {
    expect(await linesOf({ models }, ['fast'])).toEqual([])
  })
})

describe('log-file', () => {
  async function folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'ungate-log-'))
    running.push({ close: () => rm(path, { recursive: true }) })
    return path
  }

  it('appends every call once, and has written all when the gateway is closed', async () => {
    const path = join(await folder(), 'deep', 'calls.jsonl')
    const config = { models: [{ name: 'fast', model: 'mock/mock' }], plugins: { 'log-file': { path } } }
    for (const round of [1, 2]) {
      const gateway = await gatewayWith(config)
      const calls = Array.from({ length: 150 }, (_, i) =>
        gateway.run({
          wire: 'openai.chat',
          path: '/chat/completions',
          body: { model: 'fast', messages: [{ role: 'user', content: 'x' }], user: `${round}-${i}` },
        }),
      )
      await Promise.all(calls)
      await gateway.close()
    }
    const lines = (await readFile(path, 'utf8')).split('\n')
    expect(lines.pop()).toBe('')
    const users = lines.map((line) => (JSON.parse(line) as LogRecord).endUser)
    expect(users).toHaveLength(300)
    expect(new Set(users).size).toBe(300)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('does not disturb the answers when the file cannot be written', async () => {
    const errors = vi.spyOn(logger, 'error').mockImplementation(() => {})
    const path = await folder()
    const gateway = await gatewayWith({
      models: [{ name: 'fast', model: 'mock/mock' }],
      plugins: { 'log-file': { path } },
    })
    expect(await chat(gateway, 'fast')).toBe(200)
    expect(await chat(gateway, 'fast')).toBe(200)
    await gateway.close()
    expect(errors.mock.calls.map(([text]) => String(text))).toEqual([
      'callback log-file failed:',
      'callback log-file failed:',
    ])
  })

  it('wants a path', async () => {
    await expect(start({ plugins: { 'log-file': true } })).rejects.toThrow('plugins.log-file.path')
  })
})
