import { expect, it } from 'vitest'
import { z } from 'zod'
import { createGateway } from '../../../src/index.ts'
import { definePlugin } from '../../../src/define.ts'
import { applyLitellmSettings, litellmWarnings } from '../../../src/config/litellm.ts'
import type { LitellmSettings } from '../../../src/config/litellm.ts'
import { problemsOf } from './project.ts'

const options = z.looseObject({})
const setup = () => ({})
const masterKey = definePlugin({
  name: 'master-key',
  options,
  litellm: { 'general_settings.master_key': 'key' },
  setup,
})
const retry = definePlugin({
  name: 'retry',
  options,
  litellm: {
    'router_settings.num_retries': 'attempts',
    'litellm_settings.num_retries': 'attempts',
    'litellm_params.num_retries': '',
  },
  setup,
})
const cache = definePlugin({
  name: 'cache',
  default: false,
  options,
  litellm: { 'litellm_settings.cache': 'enabled', 'litellm_settings.cache_params.ttl': 'ttl' },
  setup,
})

it('gives settings to the plugins that claim them, and returns the rest', () => {
  const settings = {
    hiddenAliases: ['a'],
    'general_settings.master_key': 'sk',
    'router_settings.num_retries': 2,
    'litellm_settings.num_retries': 5,
    'litellm_params.num_retries': 1,
    'litellm_settings.cache': true,
    'litellm_settings.cache_params': { type: 'redis', ttl: 60, redis: { host: 'h' } },
    'general_settings.alerting': ['slack'],
    guardrails: [1],
  }
  expect(applyLitellmSettings(settings, [masterKey, retry, cache], { port: 1 })).toEqual({
    config: {
      port: 1,
      plugins: { 'master-key': { key: 'sk' }, retry: { attempts: 2 }, cache: { enabled: true, ttl: 60 } },
    },
    unclaimed: [
      'litellm_settings.cache_params.type',
      'litellm_settings.cache_params.redis',
      'general_settings.alerting',
      'guardrails',
    ],
    origins: new Map([
      ['master-key.key', 'general_settings.master_key'],
      ['retry.attempts', 'router_settings.num_retries'],
      ['cache.enabled', 'litellm_settings.cache'],
      ['cache.ttl', 'litellm_settings.cache_params.ttl'],
    ]),
  })
})

it('leaves a strategy that only LiteLLM knows to nobody; one that nobody knows is the plugin’s to refuse', () => {
  const strategy = z.enum(['simple-shuffle', 'own']).optional()
  const router = definePlugin({
    name: 'router',
    options: z.object({ strategy }),
    litellm: { 'router_settings.routing_strategy': 'strategy' },
    setup,
  })
  const path = 'router_settings.routing_strategy'
  expect(applyLitellmSettings({ [path]: 'least-busy' }, [router], {})).toMatchObject({ config: {}, unclaimed: [path] })
  for (const name of ['simple-shuffle', 'own', 'lest-busy']) {
    const { config, unclaimed } = applyLitellmSettings({ [path]: name }, [router], {})
    expect(config.plugins).toEqual({ router: { strategy: name } })
    expect(unclaimed).toEqual([])
  }
})

it('lets the config win: its options, and false', () => {
  const settings = { 'general_settings.master_key': 'sk', 'router_settings.num_retries': 2 }
  const config = { plugins: { 'master-key': { key: 'own', header: 'x' }, retry: false } }
  expect(applyLitellmSettings(settings, [masterKey, retry], config)).toMatchObject({
    config: { plugins: { 'master-key': { key: 'own', header: 'x' }, retry: false } },
    unclaimed: [],
  })
})

it.each([
  [false, {}],
  [0, {}],
  ['', {}],
  [[], {}],
  [{}, {}],
  [true, { plugins: { cache: { enabled: true } } }],
  [['a'], { plugins: { cache: { enabled: ['a'] } } }],
])('turns an optional plugin on by %j: %j', (value, config) => {
  expect(applyLitellmSettings({ 'litellm_settings.cache': value }, [cache], {})).toMatchObject({
    config,
    unclaimed: [],
  })
})

it('adds to an optional plugin that the config turned on', () => {
  const settings = { 'litellm_settings.cache': false, 'litellm_settings.cache_params': { ttl: 0 } }
  const { config } = applyLitellmSettings(settings, [cache], { plugins: { cache: {} } })
  expect(config).toEqual({ plugins: { cache: { enabled: false, ttl: 0 } } })
})

it('refuses a claimed setting whose variable is not set', async () => {
  const settings = {
    'general_settings.master_key': 'os.environ/LITELLM_MASTER_KEY',
    'litellm_settings.cache_params': { ttl: 'os.environ/TTL', host: 'os.environ/HOST' },
    'general_settings.database_url': 'os.environ/DATABASE_URL',
  }
  const second = { ...masterKey, name: 'second' }
  expect(await problemsOf(() => applyLitellmSettings(settings, [masterKey, second, cache], {}))).toEqual([
    'general_settings.master_key: environment variable LITELLM_MASTER_KEY is not set. Set LITELLM_MASTER_KEY, or write the value.',
    'litellm_settings.cache_params.ttl: environment variable TTL is not set. Set TTL, or write the value.',
  ])
})

it('names the file, and a wrong value by its place there or by its variable', async () => {
  const start = (settings: LitellmSettings, env: Record<string, string> = {}) =>
    problemsOf(() => createGateway({}, { source: 'config.yaml', env, litellm: settings }))
  expect(
    await start({ 'general_settings.master_key': 'short', 'router_settings.routing_strategy': 'fastest' }),
  ).toEqual([
    'config.yaml: general_settings.master_key: is too short for a key: 8 characters or more. `openssl rand -hex 32` makes a good one. Correct it, or remove the key.',
    'config.yaml: router_settings.routing_strategy: Invalid input: expected "simple-shuffle". Correct it, or remove the key.',
  ])
  expect(await start({ 'general_settings.master_key': 'os.environ/NOT_SET' })).toEqual([
    'config.yaml: general_settings.master_key: environment variable NOT_SET is not set. Set NOT_SET, or write the value.',
  ])
  expect(await start({}, { LITELLM_MASTER_KEY: 'short' })).toEqual([
    'config.yaml: plugins.master-key.key: is too short for a key: 8 characters or more. `openssl rand -hex 32` makes a good one. It comes from the environment: correct LITELLM_MASTER_KEY, or unset it.',
  ])
})

it('leaves a config without claims as it is', () => {
  const config = { port: 1 }
  expect(applyLitellmSettings({}, [masterKey], config).config).toBe(config)
})

it('warns once for known and once for unknown settings, and not at all without', () => {
  expect(litellmWarnings([])).toEqual([])
  expect(litellmWarnings(['general_settings.alerting', 'litellm_settings.cache_params.type', 'guardrails'])).toEqual([
    'LiteLLM settings that are not built yet and have no effect: general_settings.alerting, litellm_settings.cache_params.type, guardrails.',
  ])
  expect(litellmWarnings(['router_settings.num_retires', 'whatever'])).toEqual([
    'Unknown settings: router_settings.num_retires (did you mean num_retries?), whatever. They have no effect.',
  ])
})
