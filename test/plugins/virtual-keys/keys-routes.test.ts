import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { logger } from '../../../src/logger.ts'
import { MASTER, keyGateway } from './keys-support.ts'
import type { Json, KeyGateway } from './keys-support.ts'

const NANO = 1_000_000_000

/** Stops the clock for the rest of a test. */
function stopClock(now = Date.now()): void {
  vi.useFakeTimers({ now, toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
}

describe('POST /key/generate', () => {
  test('answers with LiteLLM’s fields: the key once, its hash, everything as stored', async () => {
    stopClock()
    const { post } = await keyGateway()
    await post('/budget/new', { budget_id: 'b', max_budget: 100 })
    const given = {
      key_alias: 'app',
      models: ['small'],
      aliases: { gpt: 'small' },
      config: { a: 1 },
      permissions: { p: true },
      metadata: { m: 1 },
      max_budget: 5,
      soft_budget: 4,
      budget_duration: '7d',
      budget_limits: [{ budget_duration: '1d', max_budget: 1 }],
      model_max_budget: { large: { budget_limit: '2.5', time_period: '1d' } },
      tpm_limit: 1000,
      rpm_limit: 10,
      max_parallel_requests: 3,
      model_rpm_limit: { small: 5 },
      model_tpm_limit: { small: 500 },
      user_id: 'u',
      team_id: 't',
      budget_id: 'b',
      tags: ['x'],
      enforced_params: ['user'],
      spend: 1.25,
    }
    const { status, body } = await post('/key/generate', { ...given, duration: '1d' })
    expect(status).toBe(200)
    const { key, token, created_at, expires } = body as Record<string, string>
    expect(body).toMatchObject({
      ...given,
      model_max_budget: { large: { budget_limit: 2.5, time_period: '1d' } },
      budget_limits: [{ budget_duration: '1d', max_budget: 1 }],
      key_id: token,
      token_id: token,
      key_name: `sk-...${key!.slice(-4)}`,
      organization_id: null,
      project_id: null,
      blocked: null,
      litellm_budget_table: { budget_id: 'b', max_budget: 100 },
      created_by: 'master-key',
      updated_by: 'master-key',
      model_max_budget_usage: { large: { current_spend: 0, budget_limit: 2.5, time_period: '1d' } },
    })
    expect(token).toBe(createHash('sha256').update(key!).digest('hex'))
    expect(Date.parse(expires!) - Date.parse(created_at!)).toBe(86_400_000)
    expect(body).not.toHaveProperty('unsupported_params')
  })

  test.each([
    [{ max_budget: -1 }, 'max_budget'],
    [{ soft_budget: -0.1 }, 'soft_budget'],
    [{ spend: -1 }, 'spend'],
    [{ rpm_limit: -1 }, 'rpm_limit'],
    [{ tpm_limit: 1.5 }, 'tpm_limit'],
    [{ duration: 'soon' }, 'duration'],
    [{ duration: '0d' }, 'duration'],
    [{ budget_duration: '1y' }, 'budget_duration'],
    [{ budget_limits: [{ budget_duration: 'x', max_budget: 1 }] }, 'budget_limits[0].budget_duration'],
    [{ model_max_budget: { m: { budget_limit: -1 } } }, 'model_max_budget.m.budget_limit'],
    [{ temp_budget_increase: 1 }, 'temp_budget_expiry'],
    [{ key: 'no-prefix-key' }, 'key'],
    [{ key: 'sk-1' }, 'key'],
    [{ key: MASTER }, 'key'],
    [{ models: 'small' }, 'models'],
    [{ key_type: 'other' }, 'key_type'],
    [{ key_type: 'llm_api', allowed_routes: ['/x'] }, 'allowed_routes'],
    [{ auto_rotate: true }, 'auto_rotate'],
    [{ rotation_interval: '30d' }, 'rotation_interval'],
    [{ send_invite_email: true }, 'send_invite_email'],
  ])('%j is a 400 that names %s', async (body, param) => {
    const { post } = await keyGateway()
    expect(await post('/key/generate', body)).toMatchObject({ status: 400, error: { param } })
    expect((await post('/key/list', {})).status).toBe(404)
  })

  test('what is referred to must be there; a team or user of an admin’s is made', async () => {
    const { post, read, mint } = await keyGateway()
    expect(await post('/key/generate', { budget_id: 'b' })).toMatchObject({
      status: 404,
      error: { param: 'budget_id' },
    })
    expect(await post('/key/generate', { organization_id: 'o' })).toMatchObject({
      status: 404,
      error: { param: 'organization_id' },
    })
    await mint({ team_id: 'new-team', user_id: 'new-user' })
    expect((await read('/team/info?team_id=new-team')).status).toBe(200)
    expect((await read('/user/info?user_id=new-user')).status).toBe(200)
  })

  test('aliases are unique, also at the same moment; a freed one can be taken', async () => {
    const { post, mint } = await keyGateway()
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('/key/generate', { key_alias: 'one' })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200, 400, 400, 400, 400, 400, 400, 400,
    ])
    expect(answers.find(({ status }) => status === 400)!.error).toMatchObject({
      code: 'key_alias_exists',
      param: 'key_alias',
    })
    const other = await mint({ key_alias: 'two' })
    expect((await post('/key/update', { key: other.token, key_alias: 'one' })).error!.code).toBe('key_alias_exists')
    expect((await post('/key/update', { key: other.token, key_alias: 'two', max_budget: 1 })).status).toBe(200)
    await post('/key/delete', { key_aliases: ['one'] })
    await mint({ key_alias: 'one' })
    await post('/key/update', { key: other.token, key_alias: 'three' })
    await mint({ key_alias: 'two' })
  })

  test('a key of one’s own is taken once', async () => {
    const { post, chat } = await keyGateway()
    expect((await post('/key/generate', { key: 'sk-house-key-1' })).body).toMatchObject({ key: 'sk-house-key-1' })
    expect((await chat('sk-house-key-1')).status).toBe(200)
    expect(await post('/key/generate', { key: 'sk-house-key-1' })).toMatchObject({
      status: 400,
      error: { code: 'key_exists' },
    })
  })

  test('fields without effect are kept and named, never dropped', async () => {
    const { post, mint, read } = await keyGateway()
    const body = await mint({ guardrails: ['pii'], max_budgt: 1, object_permission: {}, router_settings: null })
    expect(body['unsupported_params']).toEqual(['guardrails', 'max_budgt'])
    expect(((await read(`/key/info?key=${body.token}`)).body['info'] as Json)['guardrails']).toEqual(['pii'])
    const changed = await post('/key/update', { key: body.token, policies: ['p'] })
    expect(changed.body).toMatchObject({ guardrails: ['pii'], policies: ['p'], unsupported_params: ['policies'] })
  })

  test('a service account belongs to a team and to no user', async () => {
    const { post } = await keyGateway()
    expect(await post('/key/service-account/generate', {})).toMatchObject({ status: 400, error: { param: 'team_id' } })
    expect((await post('/key/service-account/generate', { team_id: 't', user_id: 'u' })).error!.param).toBe('user_id')
    expect((await post('/key/service-account/generate', { team_id: 't' })).body).toMatchObject({
      team_id: 't',
      user_id: null,
    })
  })

  test('months are those of the calendar', async () => {
    const { mint } = await keyGateway()
    vi.useFakeTimers({ now: Date.parse('2027-01-31T10:00:00Z'), toFake: ['Date'] })
    try {
      expect((await mint({ duration: '1mo' }))['expires']).toBe('2027-02-28T10:00:00.000Z')
      expect((await mint({ duration: '2mo' }))['expires']).toBe('2027-03-31T10:00:00.000Z')
      expect((await mint({ duration: null }))['expires']).toBeNull()
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('POST /key/update', () => {
  test('changes what is named, clears what is null, leaves the rest', async () => {
    const { mint, post, ask } = await keyGateway()
    const { key, token, created_at } = await mint({ max_budget: 1, rpm_limit: 5, models: ['small'], duration: '1d' })
    const body = { key, max_budget: 2, rpm_limit: null, models: null, duration: null, blocked: false }
    const { body: row } = await ask('POST', '/key/update', body, { headers: { 'litellm-changed-by': 'alex' } })
    expect(row).toMatchObject({
      key,
      token,
      max_budget: 2,
      rpm_limit: null,
      models: [],
      expires: null,
      created_at,
      created_by: 'master-key',
      updated_by: 'alex',
    })
    expect(await post('/key/update', { key: 'sk-nobody' })).toMatchObject({ status: 404, error: { param: 'key' } })
    expect(await post('/key/update', {})).toMatchObject({ status: 400, error: { param: 'key' } })
  })

  test('a temporary increase, both of its fields or none', async () => {
    const { mint, post } = await keyGateway()
    const { token } = await mint({ max_budget: 1 })
    const expiry = '2030-01-01T00:00:00+01:00'
    expect((await post('/key/update', { key: token, temp_budget_increase: 2 })).error!.param).toBe('temp_budget_expiry')
    expect(
      (await post('/key/update', { key: token, temp_budget_increase: 2, temp_budget_expiry: expiry })).body,
    ).toMatchObject({
      temp_budget_increase: 2,
      temp_budget_expiry: '2029-12-31T23:00:00.000Z',
    })
  })

  test('many at once, each by itself', async () => {
    const { mint, post } = await keyGateway()
    const { token } = await mint()
    const { body } = await post('/key/bulk_update', {
      keys: [{ key: token, max_budget: 3 }, { key: 'sk-nobody-here' }],
    })
    expect(body).toMatchObject({
      total_requested: 2,
      successful_updates: [{ key: token, key_info: { max_budget: 3 } }],
      failed_updates: [{ key: 'sk-nobody-here', failed_reason: 'There is no key.' }],
    })
  })
})

describe('reading', () => {
  test('info: a key, one’s own by default, several', async () => {
    const { mint, read, post } = await keyGateway()
    const { key, token } = await mint({ key_alias: 'a' })
    for (const path of [`/key/info?key=${key}`, `/key/info?key=${token}`]) {
      expect((await read(path)).body).toMatchObject({ info: { token, key_alias: 'a', spend: 0 } })
    }
    const own = await read('/key/info', key)
    expect(own.body).toMatchObject({ key: token, info: { token } })
    expect(JSON.stringify(own.body)).not.toContain(key)
    expect(await read('/key/info')).toMatchObject({ status: 400, error: { param: 'key' } })
    const other = await mint()
    expect((await post('/v2/key/info', { keys: [token, other.token] })).body).toMatchObject({
      key: [token, other.token],
      info: [{ token }, { token: other.token }],
    })
    expect(await read(`/key/info?key=${other.token}`, key)).toMatchObject({ status: 403, error: { param: 'key' } })
    expect((await read('/key/info?key=sk-nobody', key)).status).toBe(403)
    expect((await read('/key/info?key=sk-nobody')).status).toBe(404)
  })

  test('list: filters, pages, order', async () => {
    const { mint, read, context } = await keyGateway()
    const made: string[] = []
    for (const [i, team_id] of ['t', 't', 'other'].entries()) {
      made.push(
        (await mint({ key_alias: `k${i}`, team_id, user_id: `u${i}`, max_budget: 3 - i, access_group_ids: [`g${i}`] }))
          .token,
      )
    }
    await context.counters.settle([{ key: `spend:key:${made[1]}`, by: 5 * NANO }])
    const list = async (query: string) => (await read(`/key/list?${query}`)).body
    expect(await list('sort_by=key_alias&sort_order=asc')).toEqual({
      keys: made,
      total_count: 3,
      current_page: 1,
      total_pages: 1,
    })
    expect(await list('sort_by=key_alias&sort_order=asc&size=2&page=2')).toEqual({
      keys: [made[2]],
      total_count: 3,
      current_page: 2,
      total_pages: 2,
    })
    expect((await list('sort_by=spend'))['keys']).toEqual([made[1], expect.anything(), expect.anything()])
    expect((await list('sort_by=max_budget&sort_order=asc'))['keys']).toEqual(made.toReversed())
    expect((await list('team_id=t&sort_by=key_alias'))['keys']).toEqual([made[1], made[0]])
    for (const query of ['user_id=u2', 'key_alias=k2', `key_hash=${made[2]}`, 'access_group_id=g2', 'team_id=other']) {
      expect((await list(query))['keys']).toEqual([made[2]])
    }
    expect((await list('key_alias=k1&return_full_object=true'))['keys']).toMatchObject([{ token: made[1], spend: 5 }])
    expect((await list('key_alias=k1&expand=user'))['keys']).toMatchObject([{ user: { user_id: 'u1' } }])
    for (const query of ['page=0', 'size=101', 'sort_by=token_hash', 'status=deleted', 'size=x']) {
      const answer = await read(`/key/list?${query}`)
      expect({ query, status: answer.status }).toEqual({ query, status: query === 'size=101' ? 200 : 400 })
    }
    expect((await read('/key/aliases?size=2')).body).toEqual({
      aliases: ['k0', 'k1'],
      total_count: 3,
      current_page: 1,
      total_pages: 2,
      size: 2,
    })
    expect((await read('/key/aliases?search=K2')).body['aliases']).toEqual(['k2'])
    expect((await read('/key/aliases?team_id=t')).body['aliases']).toEqual(['k0', 'k1'])
  })

  test('health', async () => {
    const { mint, ask } = await keyGateway()
    const health = async (key: string) => (await ask('POST', '/key/health', undefined, { key })).body
    expect(await health((await mint()).key)).toEqual({ key: 'healthy', logging_callbacks: null })
    const { key } = await mint({ metadata: { logging: [{ callback_name: 'langfuse' }] } })
    expect(await health(key)).toMatchObject({ key: 'unhealthy', logging_callbacks: { callbacks: ['langfuse'] } })
  })
})

describe('spend', () => {
  const spent = async ({ read }: KeyGateway, token: string) =>
    ((await read(`/key/info?key=${token}`)).body['info'] as Json)['spend']

  test('is what was counted; can be set and lowered, in the windows of now as well', async () => {
    stopClock()
    const used = await keyGateway()
    const { mint, post, context } = used
    const { token } = await mint({ spend: 4, max_budget: 10, budget_duration: '1d' })
    const day = Math.floor(Date.now() / 86_400_000) * 86_400_000
    const counters = [`spend:key:${token}`, `spend:key:${token}:1d:${day}`]
    expect(await context.counters.get(counters)).toEqual([4 * NANO, 4 * NANO])
    expect(await spent(used, token)).toBe(4)
    expect(await post(`/key/${token}/reset_spend`, { reset_to: 5 })).toMatchObject({
      status: 400,
      error: { param: 'reset_to' },
    })
    expect(await post(`/key/${token}/reset_spend`, { reset_to: -1 })).toMatchObject({
      status: 400,
      error: { param: 'reset_to' },
    })
    expect((await post(`/key/${token}/reset_spend`, { reset_to: 1.5 })).body).toMatchObject({
      spend: 1.5,
      previous_spend: 4,
      max_budget: 10,
    })
    expect(await context.counters.get(counters)).toEqual([1.5 * NANO, 1.5 * NANO])
    await post('/key/update', { key: token, spend: 2 })
    expect(await spent(used, token)).toBe(2)
  })
})

describe('POST /key/regenerate', () => {
  test('gives a new key with everything the old one had; the old one ends at once', async () => {
    const { mint, post, chat, read } = await keyGateway()
    const old = await mint({ key_alias: 'app', max_budget: 5, spend: 2, models: ['small'] })
    const { status, body } = await post('/key/regenerate', { key: old.key, max_budget: 6 })
    expect(status).toBe(200)
    expect(body).toMatchObject({ key_alias: 'app', max_budget: 6, models: ['small'], rotation_count: 1, spend: 2 })
    expect(body['token']).not.toBe(old.token)
    expect(body['key_id']).toBe(body['token'])
    expect((await chat(old.key)).status).toBe(401)
    expect((await chat(body['key'] as string)).status).toBe(200)
    expect((await read('/key/list')).body['keys']).toEqual([body['token']])
    const again = await post(`/key/${body['token'] as string}/regenerate`, { new_key: 'sk-chosen-by-me' })
    expect(again.body).toMatchObject({ key: 'sk-chosen-by-me', rotation_count: 2, key_alias: 'app' })
    expect((await chat('sk-chosen-by-me')).status).toBe(200)
    expect((await post('/key/regenerate', { key: 'sk-chosen-by-me', new_key: MASTER })).status).toBe(400)
    expect((await post('/key/regenerate', { key: 'sk-chosen-by-me', new_key: 'sk-chosen-by-me' })).status).toBe(400)
    expect((await post('/key/regenerate', { key: 'sk-chosen-by-me', new_master_key: 'sk-x' })).error!.param).toBe(
      'new_master_key',
    )
    expect((await chat('sk-chosen-by-me')).status).toBe(200)
  })

  test('with a grace period the old key acts as the new one, until it is over', async () => {
    const { mint, post, chat, read, context } = await keyGateway()
    const old = await mint({ models: ['small'], key_alias: 'app' })
    const { body: next } = await post('/key/regenerate', { key: old.token, grace_period: '1h' })
    expect((await chat(old.key)).status).toBe(200)
    expect((await read('/key/info', old.key)).body['info']).toMatchObject({ token: next['token'] })
    expect((await read('/key/list')).body['keys']).toEqual([next['token']])
    await post('/key/block', { key: next['token'] })
    expect((await chat(old.key)).status).toBe(401)
    await post('/key/unblock', { key: old.key })
    expect((await chat(old.key)).status).toBe(200)
    vi.useFakeTimers({ now: Date.now() + 3_600_001, toFake: ['Date'] })
    try {
      expect(await chat(old.key)).toMatchObject({ status: 401, error: { code: 'expired_key' } })
      expect((await chat(next['key'] as string)).status).toBe(200)
      await post('/key/delete', { keys: [next['token']] })
      expect(await context.directory.list('key')).toEqual([])
    } finally {
      vi.useRealTimers()
    }
  })

  test('the old one of a deleted key leads nowhere', async () => {
    const { mint, post, chat } = await keyGateway()
    const old = await mint()
    const { body: next } = await post('/key/regenerate', { key: old.token, grace_period: '1h' })
    await post('/key/delete', { keys: [next['token']] })
    expect((await chat(old.key)).status).toBe(401)
  })
})

test('a query parameter that is given twice is refused, and named', async () => {
  const { read } = await keyGateway()
  for (const query of ['page=1&page=2', 'size=5&page=1&page=1']) {
    const { status, error } = await read(`/key/list?${query}`)
    expect([status, error?.param]).toEqual([400, 'page'])
    expect(error?.message).toContain('`page` is given 2 times')
  }
  expect((await read('/key/list?page=1&size=5')).status).toBe(200)
})

describe('secrets', () => {
  test('no key is stored or logged in plain', async () => {
    const root = mkdtempSync(join(tmpdir(), 'keys-'))
    onTestFinished(() => rmSync(root, { recursive: true, force: true }))
    const lines: string[] = []
    const watch = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((chunk) => (lines.push(String(chunk)), true)),
    )
    for (const level of ['error', 'warn', 'info', 'log'] as const) {
      watch.push(
        vi
          .spyOn(logger, level)
          .mockImplementation(((...args: unknown[]) => void lines.push(JSON.stringify(args))) as never) as never,
      )
    }
    const records = join(root, 'calls.jsonl')
    const storage = { default: { driver: 'fs', base: join(root, 'documents') } }
    const used = await keyGateway({ storage, plugins: { 'log-file': { path: records }, 'log-console': {} } }, root)
    const { mint, post, chat, gateway } = used
    const first = await mint({ key_alias: 'a', metadata: { x: 1 } })
    const { body } = await post('/key/regenerate', { key: first.key, grace_period: '1h' })
    const second = body['key'] as string
    for (const key of [first.key, second, `${second}x`]) await chat(key)
    await chat(second, { model: 'nothing' })
    await gateway.close()
    for (const spy of watch) spy.mockRestore()
    const files = filesOf(root)
    const written = files.map((file) => readFileSync(file, 'utf8')).join('\n') + lines.join('\n')
    expect(written).toContain(body['token'] as string)
    for (const key of [first.key, second]) {
      expect(written).not.toContain(key)
      expect(files.join('\n')).not.toContain(key)
    }
  })
})

function filesOf(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesOf(path) : [path]
  })
}
