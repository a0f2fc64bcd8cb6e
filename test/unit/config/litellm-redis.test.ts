import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import ledger from '../../../plugins/ledger/index.ts'
import { applyLitellmSettings, litellmWarnings, translateLitellm } from '../../../src/config/litellm.ts'
import { loadGatewayConfig } from '../../../src/config/load.ts'
import { formatProblem } from '../../../src/config/problem.ts'
import { problemsOf, project } from './project.ts'
import type { Plain } from '../../../src/config/plain.ts'

function translate(raw: Plain, env: NodeJS.ProcessEnv = {}) {
  const { config, settings, problems } = translateLitellm(raw, { file: 'config.yaml', env })
  const { config: applied, unclaimed } = applyLitellmSettings(settings, [ledger], config)
  return {
    storage: config.storage,
    ledger: applied.plugins?.['ledger'],
    settings,
    warnings: litellmWarnings(unclaimed),
    lines: problems.map(formatProblem),
  }
}

const cached = (params: Plain | undefined, more: Plain = {}): Plain => ({
  litellm_settings: { cache: true, ...(params && { cache_params: params }) },
  ...more,
})

describe('LiteLLM’s Redis as mounts', () => {
  it.each<[string, Plain, NodeJS.ProcessEnv, unknown]>([
    [
      'the router’s: documents and counters',
      { router_settings: { redis_host: 'r.example', redis_port: '6380', redis_password: 'pw', redis_db: 2 } },
      {},
      { default: { driver: 'redis', host: 'r.example', port: 6380, password: 'pw', db: 2 } },
    ],
    [
      'a URL',
      { router_settings: { redis_url: 'rediss://u:p@r.example:6380/1' } },
      {},
      { default: { driver: 'redis', url: 'rediss://u:p@r.example:6380/1' } },
    ],
    [
      'the cache’s: answers, and counters where the router has none',
      cached({ type: 'redis', host: 'c.example', port: 6379, ssl: true, username: 'u' }),
      {},
      {
        cache: { driver: 'redis', host: 'c.example', port: 6379, username: 'u', tls: {} },
        counters: { driver: 'redis', host: 'c.example', port: 6379, username: 'u', tls: {} },
      },
    ],
    [
      'both',
      cached({ type: 'redis', url: 'redis://c' }, { router_settings: { redis_host: 'r.example' } }),
      {},
      { default: { driver: 'redis', host: 'r.example' }, cache: { driver: 'redis', url: 'redis://c' } },
    ],
    [
      'the environment fills in what the config leaves out',
      cached({ type: 'redis' }),
      { REDIS_HOST: 'e.example', REDIS_PORT: '7000', REDIS_PASSWORD: 'pw', REDIS_SSL: 'True' },
      {
        cache: { driver: 'redis', host: 'e.example', port: 7000, password: 'pw', tls: {} },
        counters: { driver: 'redis', host: 'e.example', port: 7000, password: 'pw', tls: {} },
      },
    ],
    [
      'without a type, where the environment has a Redis',
      cached(undefined),
      { REDIS_URL: 'redis://e' },
      { cache: { driver: 'redis', url: 'redis://e' }, counters: { driver: 'redis', url: 'redis://e' } },
    ],
    [
      'a server in the config is not replaced by one in the environment',
      cached({ type: 'redis', host: 'c.example' }),
      { REDIS_URL: 'redis://elsewhere', REDIS_PASSWORD: 'pw' },
      {
        cache: { driver: 'redis', host: 'c.example', password: 'pw' },
        counters: { driver: 'redis', host: 'c.example', password: 'pw' },
      },
    ],
    [
      'a cluster',
      cached({ type: 'redis', redis_startup_nodes: [{ host: 'a', port: '7001' }, { host: 'b' }] }),
      {},
      {
        cache: {
          driver: 'redis',
          cluster: [
            { host: 'a', port: 7001 },
            { host: 'b', port: 6379 },
          ],
        },
        counters: {
          driver: 'redis',
          cluster: [
            { host: 'a', port: 7001 },
            { host: 'b', port: 6379 },
          ],
        },
      },
    ],
    [
      'sentinels',
      cached({ type: 'redis', service_name: 'main', sentinel_nodes: [['s1', 26379]], password: 'pw' }),
      {},
      {
        cache: { driver: 'redis', sentinels: [{ host: 's1', port: 26379 }], name: 'main', password: 'pw' },
        counters: { driver: 'redis', sentinels: [{ host: 's1', port: 26379 }], name: 'main', password: 'pw' },
      },
    ],
    ['a cache that is off', { litellm_settings: { cache: false, cache_params: { type: 'redis' } } }, {}, undefined],
    ['another kind of cache', cached({ type: 'local' }), { REDIS_HOST: 'e' }, undefined],
    [
      'a Redis in the environment that nothing asks for',
      { general_settings: {} },
      { REDIS_URL: 'redis://e' },
      undefined,
    ],
  ])('%s', (_name, raw, env, storage) => {
    const translated = translate(raw, env)
    expect(translated.lines).toEqual([])
    expect(translated.storage).toEqual(storage)
  })

  it('a mount that is written out stands as it is', () => {
    const router = { router_settings: { redis_host: 'r.example' } }
    expect(translate({ ...router, storage: { default: { driver: 'fs' } } }).storage).toEqual({
      default: { driver: 'fs' },
    })
    const given = {
      ...cached({ type: 'redis', host: 'c' }),
      storage: { default: { driver: 'redis', url: 'redis://d' } },
    }
    expect(translate(given).storage).toEqual({
      default: { driver: 'redis', url: 'redis://d' },
      cache: { driver: 'redis', host: 'c' },
    })
    const memory = { ...cached({ type: 'redis', host: 'c' }), storage: { cache: { driver: 'memory' } } }
    expect(translate(memory).storage).toEqual({ cache: { driver: 'memory' }, counters: { driver: 'redis', host: 'c' } })
  })

  it('what was used is no setting without effect; what was not still is', () => {
    const { settings, warnings } = translate({
      ...cached({ type: 'redis', host: 'c', port: 1, password: 'p', ttl: 5, max_connections: 3 }),
      router_settings: { redis_host: 'r', redis_port: 1, redis_password: 'p' },
      general_settings: { use_redis_transaction_buffer: true },
    })
    expect(settings).toEqual({
      'litellm_settings.cache': true,
      'litellm_settings.cache_params': { type: 'redis', ttl: 5, max_connections: 3 },
    })
    expect(warnings.join()).not.toMatch(/redis_host|transaction_buffer/)
  })

  it.each<[Plain, NodeJS.ProcessEnv, string[]]>([
    [
      { router_settings: { redis_host: ['x'], redis_port: 'many', redis_db: -1 } },
      {},
      [
        'config.yaml: router_settings.redis_port: expected a number of 1 or more, got a text. Write a number or remove the key.',
        'config.yaml: router_settings.redis_host: expected a text, got a list. Write a text in quotes.',
        'config.yaml: router_settings.redis_db: expected a number of 0 or more, got -1. Raise it or remove the key.',
      ],
    ],
    [
      { router_settings: { redis_url: 'http://user:secret@r' } },
      {},
      ['config.yaml: router_settings.redis_url: must begin with redis:// or rediss://. Correct it.'],
    ],
    [
      cached({ type: 'redis' }),
      {},
      [
        'config.yaml: litellm_settings.cache_params.host: is missing: nothing says where Redis is. Give host and port, or url, or set REDIS_URL or REDIS_HOST.',
      ],
    ],
    [
      cached({ type: 'redis', host: 'c', port: 70_000, ssl: 'maybe' }),
      {},
      [
        'config.yaml: litellm_settings.cache_params.port: must be a port from 1 to 65535. Correct it.',
        'config.yaml: litellm_settings.cache_params.ssl: expected true or false, got a text. Write true or false without quotes.',
      ],
    ],
    [
      cached({ type: 'redis', redis_startup_nodes: [{ port: 1 }] }),
      {},
      [
        'config.yaml: litellm_settings.cache_params.redis_startup_nodes: expected a list of nodes. Write [{ host: "10.0.0.1", port: 6379 }].',
      ],
    ],
    [
      cached({ type: 'redis' }),
      { REDIS_HOST: 'e', REDIS_PORT: 'x' },
      ['environment: REDIS_PORT: expected a number of 1 or more, got a text. Write a number or remove the key.'],
    ],
  ])('wrong values are told by their path: %j', (raw, env, lines) => {
    expect(translate(raw, env).lines).toEqual(lines)
  })

  it('stops the start, through a whole load', async () => {
    const cwd = project({ 'config.yaml': 'router_settings:\n  redis_host: os.environ/NOT_SET\n' })
    expect(await problemsOf(() => loadGatewayConfig({ cwd, file: join(cwd, 'config.yaml'), env: {} }))).toContain(
      'config.yaml: router_settings.redis_host: environment variable NOT_SET is not set. Set NOT_SET, or write the value.',
    )
  })
})

describe('LiteLLM’s database as the ledger’s', () => {
  const given = 'postgresql://u:p@db.example/litellm?connection_limit=5&schema=public'
  const url = 'postgresql://u:p@db.example/litellm?connection_limit=5&schema=ungate'

  it.each<[string, Plain, NodeJS.ProcessEnv, unknown]>([
    ['database_url', { general_settings: { database_url: given } }, {}, { url }],
    ['DATABASE_URL', { general_settings: {} }, { DATABASE_URL: given }, { url }],
    [
      'the config’s before the environment’s',
      { general_settings: { database_url: given } },
      { DATABASE_URL: 'postgres://x' },
      { url },
    ],
    ['another kind of database', { general_settings: {} }, { DATABASE_URL: 'mysql://x' }, undefined],
    [
      'prompts and retention',
      {
        general_settings: {
          database_url: given,
          store_prompts_in_spend_logs: true,
          maximum_spend_logs_retention_period: '30d',
        },
      },
      {},
      { url, prompts: true, retention: '30d' },
    ],
    ['no logs', { general_settings: { database_url: given, disable_spend_logs: true } }, {}, { url, disabled: true }],
    ['logs, said so', { general_settings: { disable_spend_logs: false } }, {}, undefined],
  ])('%s', (_name, raw, env, options) => {
    expect(translate(raw, env).ledger).toEqual(options)
    expect(translate(raw, env).warnings).toEqual([])
  })
})
