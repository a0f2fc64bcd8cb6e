import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createGateway, logger } from '../../src/index.ts'
import type { GatewayConfig } from '../../src/index.ts'
import { until } from '../suites/gateway-under-test.ts'
import { closedPort } from '../suites/fake-upstream.ts'
import { serveGateway } from '../support/serve.ts'
import type { Served } from '../support/serve.ts'
import { startUpstream } from '../support/upstream.ts'
import type { Upstream, UpstreamCall } from '../support/upstream.ts'

/** Whatever comes out of the gateway is searched for this. */
const CANARY = /canary-[a-z]+-0123456789/
const keys = {
  master: 'sk-canary-master-0123456789',
  openai: 'sk-canary-openai-0123456789',
  azure: 'canary-azure-0123456789',
  anthropic: 'sk-ant-canary-anthropic-0123456789',
  gemini: 'AIza-canary-gemini-0123456789',
  ollama: 'canary-ollama-0123456789',
  header: 'canary-header-0123456789',
  url: 'canary-url-0123456789',
  nested: 'canary-nested-0123456789',
}
const models = ['openai', 'azure', 'anthropic', 'gemini', 'ollama']

const folder = mkdtempSync(join(tmpdir(), 'gateway-secrets-'))
const logFile = join(folder, 'calls.jsonl')
let upstream: Upstream
let served: Served
let answer: (call: UpstreamCall, response: ServerResponse) => void
/** Everything the process printed. */
let printed: string[] = []

beforeAll(async () => {
  upstream = await startUpstream((call, response) => answer(call, response))
  served = await serveGateway(configFor(upstream.url))
})
afterAll(async () => {
  await served.close()
  await upstream.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  printed = []
  const note = (...args: unknown[]) => void printed.push(args.map(toText).join(' '))
  for (const level of ['error', 'warn', 'info', 'log', 'success'] as const)
    vi.spyOn(logger, level).mockImplementation(note)
  for (const level of ['error', 'warn', 'info', 'log', 'debug'] as const)
    vi.spyOn(console, level).mockImplementation(note)
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write')
})
afterEach(() => {
  expectClean(printed.join('\n'), 'what was printed')
  vi.restoreAllMocks()
})

function configFor(url: string): GatewayConfig {
  const at = url.replace('http://', `http://user:${keys.url}@`)
  const headers = { 'x-team-secret': keys.header }
  return {
    models: [
      { name: 'openai', model: 'openai/up', apiKey: keys.openai, baseURL: `${at}/v1?key=${keys.url}`, headers },
      {
        name: 'azure',
        model: 'azure/up',
        apiKey: keys.azure,
        baseURL: url,
        headers: { ...headers, authorization: `Bearer ${keys.header}` },
      },
      { name: 'anthropic', model: 'anthropic/up', apiKey: keys.anthropic, baseURL: url },
      { name: 'gemini', model: 'gemini/up', apiKey: keys.gemini, baseURL: url },
      { name: 'ollama', model: 'ollama/up', apiKey: keys.ollama, baseURL: at, options: { nested: keys.nested } },
    ],
    plugins: {
      'master-key': { key: keys.master },
      retry: { retries: 0 },
      'log-file': { path: logFile },
      'log-console': { format: 'json' },
    },
  }
}

/** What a provider could say of a request: everything it was sent. */
function echo({ path, headers, body }: UpstreamCall): string {
  return JSON.stringify({ path, headers, body })
}

async function ask(model: string, more: Record<string, unknown> = {}, key = keys.master): Promise<string> {
  const response = await fetch(`${served.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
  })
  const text = `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`
  expectClean(text, `the answer of ${model}`)
  return text
}

describe.each(models)('%s', (model) => {
  test.each([400, 401, 403, 404, 429, 500, 503])('an error %i that repeats the whole request', async (status) => {
    answer = (call, response) => {
      const message = echo(call)
      const error = {
        message,
        type: `type ${keyOf(model)}`,
        code: `code ${keyOf(model)}`,
        param: keyOf(model),
        status: keyOf(model),
      }
      response.writeHead(status, {
        'content-type': 'application/json',
        'x-request': message,
        'x-ratelimit-key': message,
        'www-authenticate': message,
      })
      response.end(JSON.stringify({ error: model === 'ollama' ? message : error, message, detail: message }))
    }
    for (const stream of [false, true]) expect(await ask(model, { stream })).toMatch(/^[45]/)
  })

  test.each(['text/html', 'text/plain'])('an error as %s that repeats the whole request', async (type) => {
    for (const padding of [0, 250, 280, 290, 1980]) {
      answer = (call, response) => {
        const text = `${'x'.repeat(padding)} ${keyOf(model)} ${echo(call)}`
        response
          .writeHead(502, { 'content-type': type })
          .end(type === 'text/html' ? `<html><title>${text}</title></html>` : text)
      }
      const text = await ask(model)
      expect(text).not.toMatch(/canary-[a-z]{4,}/)
    }
  })

  test('an answer’s headers that repeat the whole request', async () => {
    answer = (call, response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'x-echo': echo(call),
        'x-ratelimit-echo': echo(call),
        'set-cookie': keyOf(model),
      })
      response.end('{}')
    }
    await ask(model)
  })

  test('an answer that is none, an address that is none, a connection that breaks', async () => {
    const answers: (typeof answer)[] = [
      (call, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(`not JSON: ${echo(call)}`),
      (call, response) => response.writeHead(302, { location: `/?${echo(call)}` }).end(),
      (_call, response) => void response.socket!.destroy(),
      (_call, response) =>
        void response.writeHead(200, { 'content-length': '99' }).write('x', () => response.socket!.destroy()),
    ]
    for (const each of answers) {
      answer = each
      for (const stream of [false, true]) expect(await ask(model, { stream })).toMatch(/^[245]/)
    }
  })

  test('an error inside a stream', async () => {
    answer = (call, response) => {
      const error = { message: echo(call), type: keyOf(model), code: 500, status: keyOf(model) }
      const sse = `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`
      const framed = model === 'ollama' ? `${JSON.stringify({ error: error.message })}\n` : sse
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(framed)
    }
    // Where the dialect is the client's own, the provider's bytes pass as they are.
    if (model === 'openai' || model === 'azure') return
    expect(await ask(model, { stream: true })).toMatch(/^[45]/)
  })

  test('its secrets did reach the upstream, so that there was something to lose', () => {
    expect(JSON.stringify(upstream.requests.map(({ headers }) => headers))).toContain(keyOf(model))
  })
})

test('refused connections', async () => {
  const other = await serveGateway(configFor(`http://127.0.0.1:${await closedPort()}`))
  for (const model of models) {
    const response = await other.gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${keys.master}` },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
    })
    expect(response.status).toBe(502)
    expectClean(JSON.stringify([...response.headers]) + (await response.text()), model)
  }
  await other.close()
})

test('keys that callers present, right and wrong', async () => {
  for (const key of ['sk-canary-client-0123456789', `${keys.master}x`, keys.openai]) {
    expect(await ask('openai', {}, key)).toMatch(/^401/)
  }
})

test('every page and list, and what the log file holds', async () => {
  const pages = served.gateway.routes.filter(({ method }) => method === 'GET').flatMap(({ path }) => path)
  expect(pages.length).toBeGreaterThan(5)
  answer = (call, response) => response.writeHead(500).end(echo(call))
  for (const path of ['/', '/v1/models', '/model/info', '/health', ...pages]) {
    for (const key of [keys.master, 'sk-canary-client-0123456789']) {
      const response = await fetch(served.url + path.replaceAll(/\*\*|:\w+/g, 'openai'), {
        headers: { 'x-api-key': key },
      })
      expectClean(JSON.stringify([...response.headers]) + (await response.text()), path)
    }
  }
  await until('the log file', () => readFileSync(logFile, 'utf8').split('\n').length > 20)
  expectClean(readFileSync(logFile, 'utf8'), 'the log file')
  expectClean(
    JSON.stringify([served.gateway.plugins, served.gateway.models(), served.gateway.warnings]),
    'what is told of the gateway',
  )
})

test('configs that are wrong', async () => {
  const wrong: Record<string, unknown>[] = [
    { models: [{ name: 'm', model: 'openai/up', apiKey: { key: keys.openai } }] },
    { models: [{ name: 'm', model: 'openai/up', apiKey: [keys.openai], baseURL: keys.url }] },
    {
      models: [
        {
          name: 'm',
          model: 'gemini/up',
          apiKey: keys.gemini,
          baseURL: `http://u:${keys.url}@127.0.0.1/?key=${keys.gemini}`,
        },
      ],
    },
    { models: [{ name: 'm', model: 'ollama/up', baseURL: `ftp://u:${keys.url}@127.0.0.1` }] },
    { models: [{ name: 'm', model: 'nobody/up', apiKey: keys.openai }] },
    { plugins: { 'master-key': { key: [keys.master] } } },
    { plugins: { 'no-such-plugin': { key: keys.master } } },
  ]
  for (const config of wrong) {
    const error = await createGateway(config as GatewayConfig, { env: {} }).then(
      (gateway) => gateway.close(),
      (reason: unknown) => reason as Error,
    )
    expect(error, JSON.stringify(config)).toBeInstanceOf(Error)
    expectClean(toText(error), 'the error of a wrong config')
  }
})

function keyOf(model: string): string {
  return keys[model as keyof typeof keys]
}

function expectClean(text: string, where: string): void {
  const found = CANARY.exec(text)
  if (found) expect.fail(`${where} holds a secret: …${text.slice(Math.max(0, found.index - 80), found.index + 60)}…`)
}

function toText(value: unknown): string {
  if (!(value instanceof Error)) return typeof value === 'string' ? value : JSON.stringify(value)
  return `${value.message} ${value.stack} ${JSON.stringify(value)} ${value.cause === undefined ? '' : toText(value.cause)}`
}
