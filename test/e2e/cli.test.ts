import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { start } from '../support/process.ts'
import type { Running } from '../support/process.ts'

const bin = fileURLToPath(new URL('../../bin/gateway.js', import.meta.url))
const playground = fileURLToPath(new URL('../../playground/', import.meta.url))
let cwd: string
const running: Running[] = []

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'ungate-cli-'))
})
afterEach(async () => {
  for (const process of running.splice(0)) await process.stop('SIGKILL')
})
afterAll(() => rm(cwd, { recursive: true }))

function gateway(args: string[], options: { cwd?: string; env?: Record<string, string> } = {}): Running {
  const env = { PATH: process.env['PATH'], HOME: cwd, NO_COLOR: '1', ...options.env }
  const child = start(process.execPath, [bin, ...args], { cwd: options.cwd ?? cwd, env })
  running.push(child)
  return child
}

/** Runs a command to its end. */
async function finished(args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const child = gateway(args, options)
  const code = await new Promise<number | null>((resolve) => child.child.on('close', resolve))
  return { code, output: child.output() }
}

const hello = [{ role: 'user' as const, content: 'Hello' }]
const client = (baseURL: string, apiKey = 'x') => new OpenAI({ baseURL, apiKey, maxRetries: 0 })

describe('gateway dev', () => {
  it('goes on when nobody reads its log any more', async () => {
    const dev = gateway(['dev', '--port', '0'])
    const url = (await dev.waitFor(/http:\/\/localhost:\d+/))[0]
    dev.child.stdout!.destroy()
    dev.child.stderr!.destroy()
    for (let i = 0; i < 3; i++) await client(url).chat.completions.create({ model: 'mock/echo', messages: hello })
    expect(await dev.stop()).toBe(0)
  })

  it('runs with nothing, says what it found and what to try, and ends on a signal', async () => {
    const dev = gateway(['dev', '--port', '0'])
    const url = (await dev.waitFor(/http:\/\/localhost:\d+/))[0]
    const answer = await client(url).chat.completions.create({ model: 'mock/echo', messages: hello })
    expect(answer.choices[0]!.message.content).toBe('Hello')
    await dev.waitFor(/200 .*mock\/echo/)
    expect(dev.output()).toContain('OPENAI_API_KEY')
    expect(dev.output()).toContain('without a key, from this machine only')
    expect(await dev.stop()).toBe(0)
  })

  it('takes the providers whose keys are in the environment', async () => {
    const dev = gateway(['dev', '--port', '0'], { env: { ANTHROPIC_API_KEY: 'sk-ant-test-0000' } })
    const url = (await dev.waitFor(/http:\/\/localhost:\d+/))[0]
    const names = (await client(url).models.list()).data.map((model) => model.id)
    expect(names).toEqual(expect.arrayContaining(['anthropic/*', 'mock']))
    await expect(client(url).chat.completions.create({ model: 'gpt-4o', messages: hello })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      message: expect.stringContaining('set OPENAI_API_KEY'),
    })
  })

  it('runs the playground: a discovered plugin, provider and callback', async () => {
    const dev = gateway(['dev', '--port', '0'], { cwd: playground })
    const url = (await dev.waitFor(/http:\/\/localhost:\d+/))[0]
    const whole = await client(url).chat.completions.create({ model: 'parrot', messages: hello })
    expect(whole.choices[0]!.message.content).toBe('Squawk! Hello')
    let text = ''
    const stream = await client(url).chat.completions.create({ model: 'parrot', messages: hello, stream: true })
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe('Squawk! Hello')
    expect((await client(url).chat.completions.create({ model: 'gpt-4o', messages: hello })).model).toBe('mock')
    await dev.waitFor(/call 3: gpt-4o 200/)
    expect(dev.output()).toContain('office-hours (plugins/office-hours.ts)')
  })
})

describe('gateway start', () => {
  it('serves a LiteLLM config behind its master key', async () => {
    const file = join(cwd, 'litellm.yaml')
    await writeFile(
      file,
      `model_list:
  - model_name: fake
    litellm_params: { model: mock/echo }
general_settings: { master_key: os.environ/PROXY_KEY }
litellm_settings: { set_verbose: true, succes_callback: [x] }
`,
    )
    const child = gateway(['--config', file, '--port', '0', '--host', '127.0.0.1'], {
      env: { PROXY_KEY: 'sk-1234567890' },
    })
    const url = (await child.waitFor(/http:\/\/localhost:\d+/))[0]
    const answer = await client(url, 'sk-1234567890').chat.completions.create({ model: 'fake', messages: hello })
    expect(answer.choices[0]!.message.content).toBe('Hello')
    await expect(
      client(url, 'wrong').chat.completions.create({ model: 'fake', messages: hello }),
    ).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
      type: 'invalid_request_error',
    })
    expect(child.output()).toMatch(/not built yet.*litellm_settings\.set_verbose/)
    expect(child.output()).toMatch(
      /Unknown settings: litellm_settings\.succes_callback \(did you mean success_callback\?\)/,
    )
  })

  it('lets running streams finish on SIGTERM', async () => {
    const child = gateway(['start', '--port', '0'])
    const url = (await child.waitFor(/http:\/\/localhost:\d+/))[0]
    const stream = await client(url).chat.completions.create({ model: 'mock/20-tokens', messages: hello, stream: true })
    let pieces = 0
    let stopping: Promise<number | null> | undefined
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) pieces++
      stopping ??= child.stop('SIGTERM')
    }
    expect(pieces).toBe(20)
    expect(await stopping).toBe(0)
  })

  it('refuses to listen beyond loopback without a key, and says the fix', async () => {
    const { code, output } = await finished(['start', '--host', '0.0.0.0', '--port', '0'])
    expect(code).toBe(1)
    expect(output).toContain('Set GATEWAY_MASTER_KEY')
  })

  it('names a taken port, an unknown flag, an unknown command and a bad number', async () => {
    const first = gateway(['start', '--port', '0'])
    const port = (await first.waitFor(/localhost:(\d+)/))[1]!
    expect(await finished(['start', '--port', port])).toMatchObject({
      code: 1,
      output: expect.stringContaining(`Port ${port}`),
    })
    expect(await finished(['start', '--prot', '1'])).toMatchObject({
      code: 1,
      output: expect.stringContaining('--prot'),
    })
    expect(await finished(['strat'])).toMatchObject({
      code: 1,
      output: expect.stringContaining('Unknown command "strat"'),
    })
    expect(await finished(['start', '--port', 'abc'])).toMatchObject({
      code: 1,
      output: expect.stringContaining('--port must be'),
    })
  })

  it('serves one model without a config', async () => {
    const child = gateway(['--model', 'mock/echo', '--alias', 'me', '--port', '0'])
    const url = (await child.waitFor(/http:\/\/localhost:\d+/))[0]
    expect((await client(url).models.list()).data.map((model) => model.id)).toEqual(['me'])
  })
})

describe('gateway check', () => {
  it('prints models, plugins, stages and where they came from', async () => {
    const { code, output } = await finished(['check'], { cwd: playground })
    expect(code).toBe(0)
    expect(output).toMatch(/parrot\s+parrot\/green\s+\w+\s+gateway\.config\.ts models\[0\]/)
    expect(output).toMatch(/office-hours\s+on\s+plugins\/office-hours\.ts\s+auth/)
    expect(output).toMatch(/auth\s+office-hours → virtual-keys → master-key/)
    expect(output).toMatch(/retry\s+on\s+built-in/)
  })

  it('only looks: it makes no database and no folder, deletes no rows, fetches nothing', async () => {
    const folder = await mkdtemp(join(cwd, 'looked-at-'))
    const plugins = {
      ledger: { retention: '1s', prompts: true, whenFull: 'refuse' },
      prices: { refresh: 1, url: 'http://127.0.0.1:1/list' },
    }
    await writeFile(join(folder, 'gateway.config.json'), JSON.stringify({ plugins }))
    const { code, output } = await finished(['check'], { cwd: folder })
    expect(output).toMatch(/ledger\s+on\s+built-in\s+rateLimit, provider, record/)
    expect(output).not.toContain('ledger: ')
    expect(output).not.toContain('price list')
    expect(code).toBe(0)
    expect(await readdir(folder)).toEqual(['gateway.config.json'])
  })

  it('exits 1 with every mistake', async () => {
    const file = join(cwd, 'bad.yaml')
    await writeFile(file, 'port: many\nmodels: [{ name: a, model: nobody/x }, { name: b }]\nplugins: { retri: {} }\n')
    const { code, output } = await finished(['check', '--config', file])
    expect(code).toBe(1)
    expect(output).toContain('bad.yaml: port: expected a number')
    expect(output).toContain('bad.yaml: models[1].model')
  })
})
