import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { Worker } from 'node:worker_threads'
import { ByteStream, createGateway, definePlugin, z } from '../../src/index.ts'
import { createInstance } from '../../plugins/ledger/instance.ts'
import { callers, entry, ledgerGateway, temporaryFolder } from './support.ts'
import type { TestGateway } from './support.ts'

interface Log {
  request_id: string
  spend: number | null
  status: string
  metadata: Record<string, unknown>
  [name: string]: unknown
}

const logs = async ({ json }: TestGateway, as = 'admin', query = '') => (await json(as, `/spend/logs${query}`)) as Log[]
const today = () => new Date().toISOString().slice(0, 10)

async function read(answer: Response): Promise<string> {
  await answer.arrayBuffer()
  return answer.headers.get('x-litellm-call-id')!
}

describe('a row', () => {
  it('has all that LiteLLM tells of a call, and what it cost', async () => {
    const test = await ledgerGateway({})
    const id = await read(
      await test.chat(
        'alice',
        { user: 'customer-1', metadata: { tags: ['a', 'b'], session_id: 's-1' } },
        {
          'x-litellm-spend-logs-metadata': '{"ticket":7}',
        },
      ),
    )
    const [row] = await logs(test, 'admin', `?request_id=${id}`)
    const { metadata, startTime, endTime, request_duration_ms, model_id, ...rest } = row!
    expect(rest).toEqual({
      request_id: id,
      call_type: 'acompletion',
      api_key: 'key-alice',
      spend: 0.000062,
      total_tokens: 34,
      prompt_tokens: 6,
      completion_tokens: 28,
      completionStartTime: null,
      model: 'mock',
      model_group: 'fast',
      custom_llm_provider: 'mock',
      api_base: 'mock://local',
      user: 'alice',
      team_id: 'red',
      organization_id: null,
      end_user: 'customer-1',
      requester_ip_address: null,
      request_tags: ['a', 'b'],
      cache_hit: 'False',
      session_id: 's-1',
      status: 'success',
      messages: {},
      response: {},
    })
    expect(Date.parse(String(endTime)) - Date.parse(String(startTime))).toBeCloseTo(Number(request_duration_ms), -1)
    expect(model_id).toBe(test.gateway.deployments[0]!.id)
    expect(metadata).toMatchObject({
      status_code: 200,
      route: '/chat/completions',
      requested_model: 'fast',
      stream: false,
      aborted: false,
      user_api_key: 'key-alice',
      user_api_key_alias: 'alice laptop',
      usage_object: { input: 6, output: 28 },
      cost_breakdown: { total: 0.000062, input: 0.000006, output: 0.000056 },
      attempted_retries: 0,
      error_information: null,
      spend_logs_metadata: { ticket: 7 },
    })
    expect(metadata['queue_time_ms']).toEqual(expect.any(Number))
    expect(metadata['litellm_overhead_time_ms']).toEqual(expect.any(Number))
  })

  it('is there for a stream, with the time to its first token', async () => {
    const test = await ledgerGateway({})
    await read(await test.chat('alice', { stream: true }))
    const [row] = await logs(test)
    expect(row).toMatchObject({ spend: 0.000062, status: 'success', metadata: { stream: true } })
    expect(row!.metadata['time_to_first_token_ms']).toEqual(expect.any(Number))
    expect(row!['completionStartTime']).toEqual(expect.any(String))
  })

  it('is there for calls that were refused or failed', async () => {
    const test = await ledgerGateway({})
    await read(await test.chat('alice', { model: 'nope' }))
    await read(await test.chat('alice', { model: 'mock/error-503' }))
    const seen = (await logs(test)).map(({ model, spend, status, metadata }) => [
      model,
      spend,
      status,
      metadata['status_code'],
      (metadata['error_information'] as { error_class: string }).error_class,
    ])
    expect(seen).toEqual([
      ['error-503', 0, 'failure', 503, 'overloaded_error'],
      ['nope', 0, 'failure', 404, 'invalid_request_error'],
    ])
  })

  it('is there for calls that were not let in', async () => {
    const test = await ledgerGateway({}, { plugins: { 'master-key': { key: 'sk-master-key' } } })
    const answer = await test.chat('nobody')
    expect(answer.status).toBe(401)
    await read(answer)
    expect(await logs(test)).toMatchObject([
      { api_key: '', spend: 0, status: 'failure', metadata: { status_code: 401, user_api_key: null } },
    ])
  })

  it('is there for a stream that the client left, and one that broke', async () => {
    const test = await ledgerGateway({}, { providers: { mock: { pace: 50, latency: 0 } } })
    const left = await test.chat('alice', { stream: true, model: 'mock/slow' })
    const reader = left.body!.getReader()
    await reader.read()
    await reader.cancel()
    await (await test.chat('alice', { stream: true, model: 'mock/error-midstream' })).text().catch(() => {})
    const rows = await logs(test)
    expect(rows.map(({ model, status, metadata }) => [model, status, metadata['aborted']])).toEqual([
      ['error-midstream', 'failure', false],
      ['slow', 'success', true],
    ])
    // Something was generated: what nobody counted costs an unknown amount, not 0.
    for (const { spend, metadata } of rows) expect(spend === null).toBe(metadata['usage_object'] === null)
  })

  it('is there for an answer from a cache, which cost nothing', async () => {
    const events = 'data: {"choices":[{"index":0,"delta":{"content":"kept"}}]}\n\ndata: [DONE]\n\n'
    const keeper = definePlugin({
      name: 'keeper',
      order: 'pre',
      options: z.object({}),
      setup: () => ({
        provider(ctx) {
          ctx.cacheHit = true
          const body = ByteStream.from(new TextEncoder().encode(events))
          const headers = { 'content-type': 'text/event-stream' }
          return Promise.resolve({ status: 200, headers, body, usage: { input: 6, output: 28 } })
        },
      }),
    })
    const test = await ledgerGateway({ prompts: true }, { use: [keeper, callers] })
    await read(await test.chat('alice', { stream: true }))
    const [row] = await logs(test)
    expect(row).toMatchObject({ spend: 0, cache_hit: 'True', prompt_tokens: 6, status: 'success' })
    expect(row!['response']).toMatchObject({ choices: [{ message: { content: 'kept' } }] })
  })

  it('has neither prompt nor answer unless asked for', async () => {
    const root = temporaryFolder()
    const test = await ledgerGateway({}, {}, root)
    await read(await test.chat('alice', { messages: [{ role: 'user', content: 'canary-prompt' }] }))
    await logs(test)
    await test.gateway.close()
    expect(readFileSync(join(root, '.data/ledger.db'), 'latin1')).not.toContain('canary')
  })
})

describe('prompts', () => {
  const content = 'Call 555-1234 for Bob'

  it('are kept with their answers when asked for, without what is to be redacted', async () => {
    const test = await ledgerGateway({ prompts: true, redact: ['\\d{3}-\\d{4}'] })
    await read(await test.chat('alice', { model: 'mock/echo', messages: [{ role: 'user', content }] }))
    await read(await test.chat('alice', { model: 'mock/echo', stream: true, messages: [{ role: 'user', content }] }))
    const rows = await logs(test)
    for (const row of rows) {
      expect(row['messages']).toEqual([{ role: 'user', content: 'Call [redacted] for Bob' }])
      expect(row['response']).toMatchObject({
        object: 'chat.completion',
        choices: [
          { index: 0, message: { role: 'assistant', content: 'Call [redacted] for Bob' }, finish_reason: 'stop' },
        ],
      })
    }
    expect(rows.map(({ metadata }) => metadata['stream'])).toEqual([true, false])
  })

  it('are cut where they are long, and left out where the caller says so', async () => {
    const test = await ledgerGateway({ prompts: true, maxText: 100 })
    await read(await test.chat('alice', { model: 'mock/echo', messages: [{ role: 'user', content: 'x'.repeat(150) }] }))
    await read(await test.chat('alice', { model: 'mock/echo', 'no-log': true, stream: true }))
    const [quiet, long] = await logs(test)
    expect([quiet!['messages'], quiet!['response']]).toEqual([{}, {}])
    expect(long!['messages']).toEqual([{ role: 'user', content: `${'x'.repeat(100)}… (50 more characters)` }])
  })

  it('of tools are put together from a stream', async () => {
    const test = await ledgerGateway({ prompts: true })
    const tools = [
      {
        type: 'function',
        function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
      },
    ]
    await read(await test.chat('alice', { tools }))
    await read(await test.chat('alice', { tools, stream: true }))
    const [streamed, whole] = (await logs(test)).map(
      ({ response }) =>
        (response as { choices: { message: { tool_calls: { function: unknown }[] } }[] }).choices[0]!.message
          .tool_calls[0]!.function,
    )
    expect(whole).toMatchObject({ name: 'weather' })
    expect(streamed).toEqual(whole)
  })

  it('refuse a pattern that is none', async () => {
    await expect(
      createGateway({ plugins: { ledger: { redact: ['('] } } }, { env: {}, root: temporaryFolder() }),
    ).rejects.toThrow('plugins.ledger.redact[0]: is not a regular expression')
  })
})

describe('everybody sees their own', () => {
  async function busy(): Promise<TestGateway> {
    const test = await ledgerGateway({})
    for (const who of ['alice', 'alice', 'bob', 'robot', 'guest', 'admin']) {
      await read(await test.chat(who, { metadata: { tags: [who] }, user: `customer-of-${who}` }))
    }
    return test
  }

  it('rows', async () => {
    const test = await busy()
    const keys = async (as: string, query = '') => (await logs(test, as, query)).map(({ api_key }) => api_key)
    expect((await keys('admin')).length).toBe(6)
    expect(await keys('alice')).toEqual(['key-alice', 'key-alice'])
    expect(await keys('bob')).toEqual(['key-bob'])
    expect(await keys('robot')).toEqual(['key-robot'])
    expect(await keys('guest')).toEqual(['key-guest'])
    expect(await keys('bob', '?api_key=key-alice')).toEqual([])
    expect(await keys('bob', '?user_id=alice')).toEqual([])
    const [{ request_id }] = (await logs(test, 'alice')) as [Log]
    expect(await logs(test, 'bob', `?request_id=${request_id}`)).toEqual([])
  })

  it.each([
    ['/spend/keys', 'alice', [['api_key', 'key-alice', 2]]],
    ['/spend/keys?api_key=key-alice', 'bob', []],
    ['/spend/users', 'alice', [['user_id', 'alice', 2]]],
    ['/spend/users?user_id=alice', 'bob', []],
    ['/spend/users', 'guest', []],
    ['/spend/teams', 'alice', [['team_id', 'red', 2]]],
    ['/spend/teams', 'robot', [['team_id', 'blue', 1]]],
    ['/spend/teams?team_id=red', 'robot', []],
    [
      '/spend/users',
      'admin',
      [
        ['user_id', 'alice', 2],
        ['user_id', 'bob', 1],
      ],
    ],
    [
      '/spend/teams',
      'admin',
      [
        ['team_id', 'red', 3],
        ['team_id', 'blue', 1],
      ],
    ],
  ] as const)('sums: %s as %s', async (path, as, expected) => {
    const test = await busy()
    const rows = (await test.json(as, path)) as Record<string, unknown>[]
    expect(rows.map((row) => expected.map(([name]) => [name, row[name], row['api_requests']])[0])).toEqual(expected)
  })

  it('all of it, where there are no entities of their own', async () => {
    const test = await busy()
    expect(await test.json('bob', '/spend/tags')).toMatchObject([{ individual_request_tag: 'bob', log_count: 1 }])
    expect(await test.json('bob', '/global/spend')).toMatchObject({ api_requests: 1, spend: 0.000062 })
    expect(await test.json('bob', '/global/activity')).toMatchObject({ sum_api_requests: 1 })
    expect(await test.json('bob', `/spend/logs?start_date=${today()}&end_date=${today()}`)).toEqual([
      {
        'key-bob': 0.000062,
        startTime: today(),
        spend: 0.000062,
        users: { bob: 0.000062 },
        models: { fast: 0.000062 },
      },
    ])
    expect(await test.json('bob', '/global/spend/report?group_by=customer')).toMatchObject([
      { customers: [{ customer: 'customer-of-bob' }] },
    ])
    expect(await test.json('guest', '/global/spend/report')).toEqual([])
    const activity = (await test.json('bob', '/user/daily/activity')) as {
      results: { breakdown: { api_keys: object } }[]
    }
    expect(Object.keys(activity.results[0]!.breakdown.api_keys)).toEqual(['key-bob'])
    expect((await test.get('bob', '/ledger/status')).status).toBe(403)
  })
})

describe('reports', () => {
  it('have the shapes of LiteLLM', async () => {
    const test = await ledgerGateway({})
    await read(await test.chat('alice', { metadata: { tags: ['x'] } }))
    await read(await test.chat('bob', { model: 'nope' }))
    const spend = 0.000062
    const metrics = {
      spend,
      prompt_tokens: 6,
      completion_tokens: 28,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      total_tokens: 34,
      successful_requests: 1,
      failed_requests: 0,
      api_requests: 1,
      unknown_cost_requests: 0,
    }
    expect(await test.json('admin', '/spend/keys')).toEqual([
      {
        token: 'key-alice',
        api_key: 'key-alice',
        key_alias: 'alice laptop',
        user_id: 'alice',
        team_id: 'red',
        organization_id: null,
        ...metrics,
      },
      expect.objectContaining({ api_key: 'key-bob', spend: 0, failed_requests: 1 }),
    ])
    expect(await test.json('admin', '/spend/tags')).toEqual([
      { individual_request_tag: 'x', log_count: 1, total_spend: spend, unknown_cost_requests: 0 },
    ])
    expect(await test.json('admin', '/global/spend/report')).toEqual([
      {
        group_by_day: today(),
        teams: [
          {
            team_name: 'red',
            total_spend: spend,
            metadata: [
              { model: 'fast', spend, total_tokens: 34, api_key: 'key-alice' },
              { model: '', spend: 0, total_tokens: 0, api_key: 'key-bob' },
            ],
          },
        ],
      },
    ])
    expect(await test.json('admin', '/global/spend/report?api_key=key-alice')).toEqual([
      {
        api_key: 'key-alice',
        total_cost: spend,
        total_input_tokens: 6,
        total_output_tokens: 28,
        model_details: [{ model: 'fast', total_cost: spend, total_input_tokens: 6, total_output_tokens: 28 }],
      },
    ])
    expect(await test.json('admin', '/global/activity/model?model=fast')).toMatchObject([
      { model: 'fast', sum_api_requests: 1, sum_total_tokens: 34, daily_data: [{ day: today(), api_requests: 1 }] },
    ])
    const entry = (own: object, metadata: object) => ({ metrics: own, metadata, api_key_breakdown: expect.any(Object) })
    expect(await test.json('admin', '/team/daily/activity?team_ids=red,blue&model=fast')).toEqual({
      results: [
        {
          date: today(),
          metrics,
          breakdown: {
            mcp_servers: {},
            models: { mock: entry(metrics, {}) },
            model_groups: { fast: entry(metrics, {}) },
            providers: { mock: entry(metrics, {}) },
            endpoints: { '/chat/completions': entry(metrics, {}) },
            api_keys: { 'key-alice': { metrics, metadata: { key_alias: 'alice laptop', team_id: 'red' } } },
            entities: { red: entry(metrics, { team_id: 'red' }) },
          },
        },
      ],
      metadata: {
        total_spend: spend,
        total_prompt_tokens: 6,
        total_completion_tokens: 28,
        total_cache_read_input_tokens: 0,
        total_cache_creation_input_tokens: 0,
        total_tokens: 34,
        total_successful_requests: 1,
        total_failed_requests: 0,
        total_api_requests: 1,
        total_unknown_cost_requests: 0,
        page: 1,
        total_pages: 1,
        has_more: false,
      },
    })
  })

  it('page rows by a cursor, and by numbers for those who count', async () => {
    const test = await ledgerGateway({})
    for (let i = 0; i < 5; i++) await read(await test.chat('alice', {}, { 'x-litellm-call-id': `call-${i}` }))
    interface Page {
      data: Log[]
      next_cursor: string
      has_more: boolean
    }
    const page = (query: string) => test.json('admin', `/spend/logs/v2?page_size=2${query}`) as Promise<Page>
    const first = await page('')
    expect([first.data.map(({ request_id }) => request_id), first.has_more]).toEqual([['call-4', 'call-3'], true])
    const second = await page(`&cursor=${first.next_cursor}`)
    expect(second.data.map(({ request_id }) => request_id)).toEqual(['call-2', 'call-1'])
    const last = await page(`&cursor=${second.next_cursor}`)
    expect(last).toMatchObject({ data: [{ request_id: 'call-0' }], has_more: false, next_cursor: null, page_size: 2 })
    expect(await page('&page=3')).toMatchObject({ data: [{ request_id: 'call-0' }], page: 3, total: 5, total_pages: 3 })
    const bare = await test.get('admin', '/spend/logs?limit=4')
    expect(((await bare.json()) as Log[]).length).toBe(4)
    const rest = await test.json('admin', `/spend/logs?cursor=${bare.headers.get('x-ungate-next-cursor')}`)
    expect(rest).toMatchObject([{ request_id: 'call-0' }])
  })

  it('filter rows', async () => {
    const test = await ledgerGateway({})
    await read(await test.chat('alice', { user: 'c1' }, { 'x-litellm-call-id': 'good' }))
    await read(await test.chat('bob', { model: 'mock/error-500' }, { 'x-litellm-call-id': 'bad' }))
    const found = async (query: string) =>
      ((await test.json('admin', `/spend/logs/v2?${query}`)) as { data: Log[] }).data.map(
        ({ request_id }) => request_id,
      )
    expect(await found('status_filter=failure')).toEqual(['bad'])
    expect(await found('user_id=alice')).toEqual(['good'])
    expect(await found('team_id=red')).toEqual(['bad', 'good'])
    expect(await found('end_user=c1')).toEqual(['good'])
    expect(await found('model=fast')).toEqual(['good'])
    expect(await found('provider=mock&min_spend=0.00005')).toEqual(['good'])
    expect(await found('max_spend=0.00005')).toEqual(['bad'])
    expect(await found(`start_date=${today()}&end_date=${today()}`)).toEqual(['bad', 'good'])
    expect(await found('end_date=2020-01-01')).toEqual([])
    expect(await found('start_date=2020-01-01%2000:00:00&end_date=2020-01-01%2023:59:59')).toEqual([])
  })

  it('come as CSV, harmless in a spreadsheet', async () => {
    const test = await ledgerGateway({})
    await read(await test.chat('alice', { user: '=HYPERLINK("x")', metadata: { tags: ['t,1', '+2'] } }))
    const answer = await test.get('admin', '/spend/logs?format=csv')
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const [header, row] = (await answer.text()).split('\r\n')
    expect(header).toMatch(/^request_id,call_type,api_key,spend,total_tokens,/)
    expect(row).toContain(`,"'=HYPERLINK(""x"")",`)
    expect(row).toContain(',"t,1 +2",')
    expect(await (await test.get('admin', '/spend/tags?format=csv')).text()).toBe(
      'individual_request_tag,log_count,total_spend,unknown_cost_requests\r\n\'+2,1,0.000062,0\r\n"t,1",1,0.000062,0\r\n',
    )
  })

  it('come as CSV a page at a time, where one is asked for', async () => {
    const test = await ledgerGateway({})
    for (const user of ['a', 'b']) await read(await test.chat('alice', { user }))
    const all = (await (await test.get('admin', '/spend/logs?format=csv')).text()).trimEnd().split('\r\n')
    const first = await test.get('admin', '/spend/logs?format=csv&limit=1')
    const cursor = first.headers.get('x-ungate-next-cursor')!
    expect((await first.text()).trimEnd().split('\r\n')).toEqual(all.slice(0, 2))
    const second = await test.get('admin', `/spend/logs?format=csv&limit=1&cursor=${encodeURIComponent(cursor)}`)
    expect((await second.text()).trimEnd().split('\r\n')).toEqual([all[0], all[2]])
  })

  it('name the parameter that is wrong', async () => {
    const test = await ledgerGateway({})
    for (const [query, param] of [
      ['start_date=yesterday', 'start_date'],
      ['start_date=2026-02-02&end_date=2026-01-01&summarize=true', 'start_date'],
      ['cursor=abc', 'cursor'],
      ['limit=many', 'limit'],
      ['limit=0', 'limit'],
      ['min_spend=much', 'min_spend'],
      ['format=xml', 'format'],
    ]) {
      const answer = await test.get('admin', `/spend/logs?${query}`)
      expect([query, answer.status, ((await answer.json()) as { error: { param: string } }).error.param]).toEqual([
        query,
        400,
        param,
      ])
    }
  })
})

describe('the plugin', () => {
  it('is off unless it is named, and on with LiteLLM’s database_url', async () => {
    const root = temporaryFolder()
    const off = await createGateway({}, { env: { DATABASE_URL: 'sqlite:./x.db' }, root })
    expect(off.plugins.find(({ name }) => name === 'ledger')?.enabled).toBe(false)
    await off.close()
    const litellm = {
      'general_settings.database_url': 'sqlite:./x.db',
      'general_settings.store_prompts_in_spend_logs': true,
      'general_settings.maximum_spend_logs_retention_period': '30d',
    }
    const on = await createGateway({}, { env: {}, root, litellm })
    expect(on.plugins.find(({ name }) => name === 'ledger')).toMatchObject({
      enabled: true,
      stages: ['provider', 'record'],
    })
    await on.close()
    expect(readdirSync(root)).toContain('x.db')
  })

  it('says what is wrong with its options', async () => {
    const start = (ledger: Record<string, unknown>) =>
      createGateway({ plugins: { ledger } }, { env: {}, root: temporaryFolder() })
    await expect(start({ url: 'mysql://x' })).rejects.toThrow(
      'plugins.ledger.url: must begin with sqlite: or postgres://',
    )
    await expect(start({ retention: 'soon' })).rejects.toThrow('plugins.ledger.retention: must be a number with')
    await expect(start({ url: 'sqlite:/dev/null/x.db' })).rejects.toThrow(
      'plugins.ledger.url: the database cannot be opened',
    )
  })

  it('needs a Node with SQLite, or PostgreSQL, and says so', async () => {
    const builtin = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)
    await expect(createGateway({ plugins: { ledger: {} } }, { env: {}, root: temporaryFolder() })).rejects.toThrow(
      /plugins\.ledger\.url: SQLite needs Node 22\.13 or newer.*PostgreSQL/,
    )
    builtin.mockRestore()
  })

  it('takes over what a killed gateway left, and deletes what is too old', async () => {
    const root = temporaryFolder()
    const gone = createInstance(join(root, '.data/journal'))
    const lines = [
      entry({ id: 'old', at: Date.now() - 40 * 86_400_000 }),
      entry({ id: 'new', at: Date.now() - 86_400_000 }),
    ].map((call) => `${JSON.stringify(call)}\n`)
    writeFileSync(join(gone.folder, '000000000001.log'), lines.join(''))
    gone.release()
    const test = await ledgerGateway({ retention: '30d' }, {}, root)
    await expect.poll(async () => (await logs(test)).map(({ request_id }) => request_id)).toEqual(['new'])
    expect(await test.json('admin', '/global/spend')).toMatchObject({ api_requests: 2, spend: 0.000003 })
  })

  it('starts its worker again when that ends, and loses nothing', async () => {
    const started = new Promise<Worker>((resolve) => process.once('worker', resolve))
    const test = await ledgerGateway({})
    const worker = await started
    await read(await test.chat('alice', {}, { 'x-litellm-call-id': 'one' }))
    const again = new Promise((resolve) => process.once('worker', resolve))
    await worker.terminate()
    await read(await test.chat('alice', {}, { 'x-litellm-call-id': 'two' }))
    expect((await test.get('admin', '/spend/keys')).status).toBe(503)
    await again
    expect((await logs(test)).map(({ request_id }) => request_id)).toEqual(['two', 'one'])
  })

  it('keeps its files to their owner', async () => {
    const root = temporaryFolder()
    const test = await ledgerGateway({}, {}, root)
    await read(await test.chat('alice'))
    await logs(test)
    for (const name of ['ledger.db', 'ledger.db-wal']) {
      expect([name, statSync(join(root, '.data', name)).mode & 0o777]).toEqual([name, 0o600])
    }
    expect(statSync(join(root, '.data/journal')).mode & 0o777).toBe(0o700)
  })

  it('leaves nothing in the journal when it closes', async () => {
    const root = temporaryFolder()
    const test = await ledgerGateway({}, {}, root)
    for (let i = 0; i < 20; i++) await read(await test.chat('alice'))
    await test.gateway.close()
    expect(readdirSync(join(root, '.data/journal'))).toEqual([])
  })
})
