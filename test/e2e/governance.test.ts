import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import OpenAI from 'openai'
import { afterAll, expect, test } from 'vitest'
import { start } from '../support/process.ts'
import type { Running } from '../support/process.ts'
import { hasRedis, startRedis } from '../support/redis.ts'

const bin = fileURLToPath(new URL('../../bin/gateway.js', import.meta.url))
const MASTER = 'sk-master-0123456789'
/** A call of 6 tokens in and 5 out costs 1 cent in and 2 cents out. */
const MODEL = {
  name: 'fast',
  model: 'mock/mock',
  prices: { input_cost_per_token: 0.01 / 6, output_cost_per_token: 0.004 },
}
const found = hasRedis()
const closing: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

type Json = Record<string, unknown>

interface Node {
  readonly url: string
  /** A request with the master key, or with another. Fails the test where it is not answered with 200. */
  ask(method: string, path: string, body?: Json, key?: string): Promise<Json>
  mint(body: Json, key?: string): Promise<Json & { key: string; token: string }>
  /** The status of a chat call of at most 5 tokens; its text has been read. */
  chat(key: string, body?: Json): Promise<{ status: number; text: string; headers: Headers }>
}

/** Starts `gateway start` in a folder of its own. */
async function startNode(config: Json): Promise<Node> {
  const cwd = await mkdtemp(join(tmpdir(), 'ungate-governance-'))
  closing.push(() => rm(cwd, { recursive: true, force: true }))
  const whole = {
    models: [MODEL, { name: 'smart', model: 'mock/smart' }],
    providers: { mock: { pace: 0, latency: 0 } },
    plugins: { 'master-key': { key: 'env:GATEWAY_MASTER_KEY' }, ledger: {} },
    ...config,
  }
  await writeFile(join(cwd, 'gateway.config.json'), JSON.stringify(whole))
  const env = { PATH: process.env['PATH'], HOME: cwd, NO_COLOR: '1', GATEWAY_MASTER_KEY: MASTER }
  const running: Running = start(process.execPath, [bin, 'start', '--host', '127.0.0.1', '--port', '0'], { cwd, env })
  closing.push(() => running.stop('SIGKILL'))
  const url = (await running.waitFor(/http:\/\/[\w.]+:\d+/))[0]
  const send = (method: string, path: string, { body, key }: { body?: Json | undefined; key: string }) =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
  const ask: Node['ask'] = async (method, path, body, key = MASTER) => {
    const answer = await send(method, path, { body, key })
    const json = (await answer.json()) as Json
    expect({ path, status: answer.status, error: json['error'] }).toEqual({ path, status: 200, error: undefined })
    return json
  }
  return {
    url,
    ask,
    mint: (body, key) => ask('POST', '/key/generate', body, key) as ReturnType<Node['mint']>,
    async chat(key, body = {}) {
      const messages = [{ role: 'user', content: 'Hello' }]
      const whole = { model: 'fast', messages, max_tokens: 5, ...body }
      const answer = await send('POST', '/v1/chat/completions', { key, body: whole })
      return { status: answer.status, text: await answer.text(), headers: answer.headers }
    },
  }
}

const nano = (usd: unknown) => Math.round(Number(usd) * 1e9)

test('a company on one node: organization, team, members, keys, budgets, reports', async () => {
  const node = await startNode({})
  const { ask, mint } = node
  await ask('POST', '/organization/new', { organization_id: 'acme', organization_alias: 'Acme', max_budget: 100 })
  await ask('POST', '/team/new', { team_id: 'search', organization_id: 'acme', models: ['fast'], max_budget: 10 })
  const ann = (await ask('POST', '/user/new', { user_id: 'ann', auto_create_key: true }))['key'] as string
  await ask('POST', '/team/member_add', { team_id: 'search', member: { role: 'admin', user_id: 'ann' } })
  await ask('POST', '/team/member_add', { team_id: 'search', member: { role: 'user', user_id: 'bob' } }, ann)
  // The team's admin makes keys for its members.
  const bob = await mint({ team_id: 'search', user_id: 'bob', key_alias: 'bob', max_budget: 5, rpm_limit: 5 }, ann)
  const sdk = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: bob.key, maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'Hello' }]
  const ask5 = { model: 'fast', messages, max_tokens: 5 }

  let spent = 0
  for (let i = 0; i < 3; i++) {
    const { data, response } = await sdk.chat.completions.create(ask5).withResponse()
    expect(data.usage!.total_tokens).toBe(11)
    spent += nano(response.headers.get('x-litellm-response-cost'))
    expect(nano(response.headers.get('x-litellm-key-spend'))).toBe(spent)
  }
  const stream = await sdk.chat.completions.create({ ...ask5, stream: true })
  for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk')
  const cost = spent / 3
  expect(cost).toBe(30_000_000)
  spent += cost
  expect((await sdk.models.list()).data.map(({ id }) => id)).toEqual(['fast'])
  await expect(sdk.chat.completions.create({ ...ask5, model: 'smart' })).rejects.toMatchObject({
    status: 403,
    type: 'team_model_access_denied',
  })
  await sdk.chat.completions.create(ask5)
  spent += cost
  const limited = await sdk.chat.completions.create(ask5).catch((error: unknown) => error)
  expect(limited).toBeInstanceOf(OpenAI.RateLimitError)
  expect((limited as InstanceType<typeof OpenAI.RateLimitError>).headers.get('rate_limit_type')).toBe('requests')

  // What answers said, what the key has spent, and what the ledger adds up are one figure.
  const info = (await ask('GET', '/key/info', undefined, bob.key))['info'] as Json
  expect(nano(info['spend'])).toBe(spent)
  const rows = (await ask('GET', '/spend/logs', undefined, bob.key)) as unknown as Json[]
  // The newest first: at the limit, admitted, the model that is not the team's, and what came before.
  expect(rows.map(({ status }) => status)).toEqual(['failure', 'success', 'failure', ...Array(4).fill('success')])
  expect(rows.reduce((sum, row) => sum + nano(row['spend']), 0)).toBe(spent)
  const today = new Date().toISOString().slice(0, 10)
  const days = `start_date=${today}&end_date=${today}`
  const team = await ask('GET', `/team/daily/activity?team_ids=search&${days}`, undefined, ann)
  expect(nano((team['metadata'] as Json)['total_spend'])).toBe(spent)
  const teams = (await ask('GET', '/spend/teams')) as unknown as Json[]
  expect(teams.map(({ team_id, spend }) => [team_id, nano(spend)])).toEqual([['search', spent]])
  for (const path of ['/team/info?team_id=search', '/organization/info?organization_id=acme']) {
    const { team_info, spend } = await ask('GET', path)
    expect(nano(((team_info as Json | undefined) ?? { spend })['spend'])).toBe(spent)
  }
  // Others see nothing of it.
  const stranger = await mint({ user_id: 'zoe' })
  expect(await ask('GET', '/spend/logs', undefined, stranger.key)).toEqual([])
  expect(await ask('GET', `/team/daily/activity?team_ids=search`, undefined, stranger.key)).toMatchObject({
    results: [],
  })

  await ask('POST', '/team/block', { team_id: 'search' })
  expect((await node.chat(bob.key)).status).toBe(401)
  await ask('POST', '/team/delete', { team_ids: ['search'] })
  expect(JSON.parse((await node.chat(bob.key)).text)).toMatchObject({ error: { code: 'invalid_api_key' } })
})

if (found) {
  test('three nodes on one Redis: budgets and rates hold exactly, and blocked keys are heard of', async () => {
    const redis = await startRedis()
    closing.push(() => redis.kill())
    // A busy machine must not look like a Redis that is away.
    const storage = { default: { driver: 'redis', url: redis.url, deadline: 5000 } }
    const nodes = await Promise.all([1, 2, 3].map(() => startNode({ storage })))
    const [a, b, c] = nodes as [Node, Node, Node]
    const each = (i: number) => nodes[i % 3]!
    const spentOf = async (token: string) =>
      nano(((await a.ask('GET', `/key/info?key=${token}`))['info'] as Json)['spend'])

    for (const stream of [false, true]) {
      const key = await a.mint({ max_budget: 1 })
      let answered = 0
      // Calls that find the budget held by others are refused: rounds go on until it is spent.
      for (let round = 0; round < 8; round++) {
        const calls = Array.from({ length: 50 }, (_, i) => each(i).chat(key.key, { stream }))
        const statuses = (await Promise.all(calls)).map(({ status }) => status)
        expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([])
        answered += statuses.filter((status) => status === 200).length
      }
      const spent = await spentOf(key.token)
      expect(spent).toBe(answered * 30_000_000)
      expect(spent).toBeLessThanOrEqual(1_000_000_000)
      // Used up as far as the worst case of one more call allows.
      expect(spent).toBeGreaterThan(600_000_000)
      const rows = await Promise.all(
        nodes.map(async (node) => (await node.ask('GET', '/spend/keys')) as unknown as Json[]),
      )
      const counted = rows.flat().filter((row) => row['token'] === key.token)
      expect(counted.reduce((sum, row) => sum + nano(row['spend']), 0)).toBe(spent)
    }

    const rated = await b.mint({ rpm_limit: 60 })
    const statuses = await Promise.all(Array.from({ length: 180 }, (_, i) => each(i).chat(rated.key)))
    expect(statuses.filter(({ status }) => status === 200)).toHaveLength(60)
    expect(statuses.filter(({ status }) => status === 429)).toHaveLength(120)

    for (const [path, body] of [
      ['/key/block', {}],
      ['/key/update', { models: ['other'] }],
      ['/key/delete', undefined],
    ] as const) {
      const key = await c.mint({})
      for (const node of nodes) expect((await node.chat(key.key)).status).toBe(200)
      await a.ask('POST', path, body ? { key: key.token, ...body } : { keys: [key.token] })
      expect((await a.chat(key.key)).status).not.toBe(200)
      await expect.poll(async () => (await b.chat(key.key)).status, { timeout: 5000, interval: 50 }).not.toBe(200)
      await expect.poll(async () => (await c.chat(key.key)).status, { timeout: 5000, interval: 50 }).not.toBe(200)
    }
  }, 60_000)
}
