import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../../src/config/problem.ts'
import { isLitellmConfig, litellmWarnings, translateLitellm } from '../../../src/config/litellm.ts'
import { loadGatewayConfig } from '../../../src/config/load.ts'
import { problemsOf, project, write } from './project.ts'
import { join } from 'node:path'
import type { Plain } from '../../../src/config/plain.ts'
import type { TranslatedLitellm } from '../../../src/config/litellm.ts'

function translate(raw: Plain, env: NodeJS.ProcessEnv = {}): TranslatedLitellm & { lines: string[] } {
  const translated = translateLitellm(raw, { file: 'config.yaml', env })
  return { ...translated, lines: translated.problems.map(formatProblem) }
}

/** One entry with these params. */
function entry(params: Plain, more: Plain = {}): Plain {
  return { model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', ...params }, ...more }] }
}

describe('recognising a LiteLLM config', () => {
  it.each(['model_list', 'litellm_settings', 'router_settings', 'general_settings', 'include'])('by %s', (key) => {
    expect(isLitellmConfig({ [key]: null })).toBe(true)
  })

  it('and no other', () => {
    expect(isLitellmConfig({ models: [], environment_variables: {} })).toBe(false)
  })
})

describe('wrong values', () => {
  it.each<[Plain, string[]]>([
    [
      { model_list: { model_name: 'm' } },
      ['config.yaml: model_list: expected a list, got a map. Begin each entry with "- model_name: …".'],
    ],
    [
      { model_list: ['gpt-4o'] },
      ['config.yaml: model_list[0]: expected a map with model_name and litellm_params. Write "- model_name: …".'],
    ],
    [
      { model_list: [{ litellm_params: { model: 'openai/m' } }] },
      [
        'config.yaml: model_list[0].model_name: is missing. Give the name that clients use, such as "gpt-4o" or "openai/*".',
      ],
    ],
    [
      { model_list: [{ model_name: 'm' }] },
      ['config.yaml: model_list[0].litellm_params.model: is missing. Give "provider/model", such as "openai/gpt-4o".'],
    ],
    [
      { model_list: [{ model_name: 'm', litellm_params: 'openai/m' }] },
      [
        'config.yaml: model_list[0].litellm_params: expected a map, got a text. Write a map of keys and values.',
        'config.yaml: model_list[0].litellm_params.model: is missing. Give "provider/model", such as "openai/gpt-4o".',
      ],
    ],
    [
      entry({ rpm: -5, tpm: 'many', weight: 'x', order: [], timeout: 0, max_parallel_requests: 0 }),
      [
        'config.yaml: model_list[0].litellm_params.rpm: expected a number of 0 or more, got -5. Raise it or remove the key.',
        'config.yaml: model_list[0].litellm_params.tpm: expected a number of 0 or more, got a text. Write a number or remove the key.',
        'config.yaml: model_list[0].litellm_params.weight: expected a number of 0 or more, got a text. Write a number or remove the key.',
        'config.yaml: model_list[0].litellm_params.order: expected a number, got a list. Write a number or remove the key.',
        'config.yaml: model_list[0].litellm_params.max_parallel_requests: expected a number of 1 or more, got 0. Raise it or remove the key.',
        'config.yaml: model_list[0].litellm_params.timeout: expected a number above 0, got 0. Raise it or remove the key.',
      ],
    ],
    [
      entry({
        api_key: ['k'],
        drop_params: 'maybe',
        additional_drop_params: 'seed',
        tags: ['a', {}],
        extra_headers: { a: {} },
      }),
      [
        'config.yaml: model_list[0].litellm_params.api_key: expected a text, got a list. Write a text in quotes.',
        'config.yaml: model_list[0].litellm_params.extra_headers.a: expected a text, got a map. Write a text in quotes.',
        'config.yaml: model_list[0].litellm_params.drop_params: expected true or false, got a text. Write true or false without quotes.',
        'config.yaml: model_list[0].litellm_params.additional_drop_params: expected a list of texts, got a text. Write a list, such as ["a", "b"].',
        'config.yaml: model_list[0].litellm_params.tags[1]: expected a text, got a map. Write a text in quotes.',
      ],
    ],
    [
      entry({ input_cost_per_token: -1 }, { model_info: { output_cost_per_token: 'free' } }),
      [
        'config.yaml: model_list[0].model_info.output_cost_per_token: expected a number of 0 or more, got a text. Write a number or remove the key.',
        'config.yaml: model_list[0].litellm_params.input_cost_per_token: expected a number of 0 or more, got -1. Raise it or remove the key.',
      ],
    ],
    [
      { ...entry({ litellm_credential_name: 'azur' }), credential_list: [{ credential_name: 'azure' }] },
      [
        'config.yaml: model_list[0].litellm_params.litellm_credential_name: credential_list has no entry of this name. Did you mean "azure"?',
      ],
    ],
    [
      { ...entry({ litellm_credential_name: 'x' }), credential_list: [{ credential_values: {} }] },
      [
        'config.yaml: credential_list[0].credential_name: is missing. Give the name that litellm_credential_name uses.',
        'config.yaml: model_list[0].litellm_params.litellm_credential_name: credential_list has no entry of this name. Known are: none.',
      ],
    ],
    [
      { general_settings: 'x', litellm_settings: { request_timeout: 'long' }, router_settings: { timeout: -1 } },
      [
        'config.yaml: general_settings: expected a map, got a text. Write a map of keys and values.',
        'config.yaml: router_settings.timeout: expected a number above 0, got -1. Raise it or remove the key.',
        'config.yaml: litellm_settings.request_timeout: expected a number above 0, got a text. Write a number or remove the key.',
      ],
    ],
    [
      { router_settings: { model_group_alias: { a: { hidden: true }, b: 1 } } },
      [
        'config.yaml: router_settings.model_group_alias.a: expected a model name, or a map with "model". Give the name of a model group.',
        'config.yaml: router_settings.model_group_alias.b: expected a model name, or a map with "model". Give the name of a model group.',
      ],
    ],
    [
      { environment_variables: { A: ['x'], B: 'os.environ/NOT_SET' } },
      [
        'config.yaml: environment_variables.A: expected a text, got a list. Write a text in quotes.',
        'config.yaml: environment_variables.B: environment variable NOT_SET is not set. Set NOT_SET, or write the value.',
      ],
    ],
  ])('%j', (raw, lines) => {
    expect(translate(raw).lines).toEqual(lines)
  })

  it('never shows a value', () => {
    const { lines } = translate(entry({ api_key: { secret: 'sk-hidden' }, rpm: 'sk-hidden', tags: 'sk-hidden' }))
    expect(lines).toHaveLength(3)
    expect(lines.join()).not.toContain('sk-hidden')
  })
})

describe('variables that are not set', () => {
  it('leave an entry without its key, but stop the start where calls would go elsewhere', () => {
    const raw = entry({
      api_key: 'os.environ/K',
      api_base: 'os.environ/B',
      rpm: 'os.environ/R',
      extra_headers: { 'x-a': 'os.environ/H' },
    })
    const { lines, warnings } = translate(raw)
    expect(lines).toEqual([
      'config.yaml: model_list[0].litellm_params.api_base: environment variable B is not set. Set B, or write the value.',
      'config.yaml: model_list[0].litellm_params.rpm: environment variable R is not set. Set R, or write the value.',
      'config.yaml: model_list[0].litellm_params.extra_headers.x-a: environment variable H is not set. Set H, or write the value.',
    ])
    expect(warnings).toEqual([
      'config.yaml: model_list[0].litellm_params.api_key: environment variable K is not set; "m" is left without it. Set K.',
    ])
  })

  it('count in the core settings, and in names', () => {
    const { lines } = translate({
      model_list: [{ model_name: 'os.environ/N', litellm_params: { model: 'os.environ/M' } }],
      litellm_settings: { drop_params: 'os.environ/D' },
    })
    expect(lines).toEqual([
      'config.yaml: model_list[0].model_name: environment variable N is not set. Set N, or write the value.',
      'config.yaml: model_list[0].litellm_params.model: environment variable M is not set. Set M, or write the value.',
      'config.yaml: litellm_settings.drop_params: environment variable D is not set. Set D, or write the value.',
    ])
  })

  it('are found in credentials, for each entry that uses them', () => {
    const { lines, warnings, config } = translate({
      ...entry({ litellm_credential_name: 'c', api_base: 'https://mine.example' }),
      credential_list: [
        { credential_name: 'c', credential_values: { api_key: 'os.environ/K', api_base: 'os.environ/B' } },
      ],
    })
    expect(lines).toEqual([])
    expect(config.models).toEqual([{ name: 'm', model: 'openai/m', baseURL: 'https://mine.example' }])
    expect(warnings).toEqual([
      'config.yaml: model_list[0].litellm_params.api_key: environment variable K is not set; "m" is left without it. Set K.',
    ])
  })
})

describe('model entries', () => {
  it.each<[string, Plain, Plain]>([
    ['texts from the environment become numbers', { rpm: 'os.environ/RPM' }, { rpm: 60 }],
    [
      'a provider named twice is named once',
      { model: 'azure/*', custom_llm_provider: 'azure' },
      { model: '*', provider: 'azure' },
    ],
    [
      'a model with slashes is kept whole beside its provider',
      { model: 'a/b', custom_llm_provider: 'openrouter' },
      { model: 'a/b', provider: 'openrouter' },
    ],
    ['empty texts count as left out', { api_key: '', api_base: '' }, {}],
    ['keys may be numbers', { api_key: 1234 }, { apiKey: '1234' }],
    ['base_url is api_base', { base_url: 'http://x' }, { baseURL: 'http://x' }],
    ['extra_body goes into the body', { extra_body: { a: 1 }, top_p: 0.5 }, { params: { a: 1, top_p: 0.5 } }],
    ['null is left out', { rpm: null, temperature: null }, {}],
    [
      'headers and extra_headers are one',
      { headers: { a: 'b', c: 'd' }, extra_headers: { a: 'x' } },
      { headers: { a: 'x', c: 'd' } },
    ],
  ])('%s', (_, params, expected) => {
    const { config, lines, settings } = translate(entry(params), { RPM: '60' })
    expect(lines).toEqual([])
    expect(config.models).toEqual([{ name: 'm', model: 'openai/m', ...expected }])
    expect(settings).toEqual({})
  })

  it('take defaults from router_settings', () => {
    const { config } = translate({
      ...entry({ temperature: 1, stream_timeout: 9 }),
      router_settings: {
        default_litellm_params: { temperature: 0, top_p: 0.9, max_parallel_requests: 4 },
        stream_timeout: 5,
        stream_idle_timeout: 6,
        default_max_parallel_requests: 8,
      },
    })
    expect(config.models).toEqual([
      {
        name: 'm',
        model: 'openai/m',
        maxParallel: 4,
        streamTimeout: 9,
        idleTimeout: 6,
        params: { temperature: 1, top_p: 0.9 },
      },
    ])
  })

  it('are left out where LITELLM_ENVIRONMENT is not theirs', () => {
    const raw = entry({}, { model_info: { supported_environments: ['production'] } })
    expect(translate(raw, { LITELLM_ENVIRONMENT: 'development' }).config).toEqual({})
    expect(translate(raw, { LITELLM_ENVIRONMENT: 'production' }).config.models).toHaveLength(1)
    expect(translate(raw).config.models).toHaveLength(1)
  })

  it('report keys that are slips of a known one, and send others as they are', () => {
    const { config, settings } = translate(entry({ api_bsae: 'http://x', frobnicate: 3 }, { modelinfo: {} }))
    expect(config.models?.[0]).toMatchObject({ params: { api_bsae: 'http://x', frobnicate: 3 } })
    expect(litellmWarnings(Object.keys(settings))).toEqual([
      'Unknown settings: litellm_params.api_bsae (did you mean api_base?), model_list.modelinfo (did you mean model_info?). Those of litellm_params are sent to the provider as they are; the others have no effect.',
    ])
  })
})

describe('other keys', () => {
  it('of LiteLLM are known, others are not, the nearest is suggested', () => {
    const { settings } = translate({
      general_settings: { database_url: 'x', master_kye: 'y' },
      litellm_settings: { drop_prams: true, callbacks: ['a'] },
      router_settings: { zzz: 1 },
      guardrails: [{}],
      guardrial: [{}],
      'x-anchors': { a: 1 },
    })
    expect(litellmWarnings(Object.keys(settings))).toEqual([
      'LiteLLM settings that are not built yet and have no effect: litellm_settings.callbacks, general_settings.database_url, guardrails.',
      'Unknown settings: litellm_settings.drop_prams (did you mean drop_params?), router_settings.zzz, general_settings.master_kye (did you mean master_key?), guardrial (did you mean guardrails?). They have no effect.',
    ])
  })

  it('say how large requests are, and how many at once', () => {
    const general_settings = { max_request_size_mb: 1, max_in_flight_requests_per_worker: 40 }
    const { config, lines } = translate({ ...entry({}), general_settings })
    expect(lines).toEqual([])
    expect(config.limits).toEqual({ body: 1_048_576, upload: 1_048_576, calls: 40 })
  })

  it('of the gateway itself may stand beside, and win', () => {
    const { config, lines } = translate(
      {
        ...entry({}),
        models: [{ name: 'n', model: 'mock/n' }],
        port: 'os.environ/PORT',
        timeout: 5,
        plugins: { retry: { attempts: 1 } },
        litellm_settings: { request_timeout: 9, model_alias_map: { a: 'm' } },
        aliases: { b: 'n' },
      },
      { PORT: '4100' },
    )
    expect(lines).toEqual([])
    expect(config).toEqual({
      models: [
        { name: 'm', model: 'openai/m' },
        { name: 'n', model: 'mock/n' },
      ],
      port: 4100,
      timeout: 5,
      plugins: { retry: { attempts: 1 } },
      aliases: { a: 'm', b: 'n' },
    })
    expect(translate({ model_list: [], port: -1 }).lines).toEqual(['config.yaml: port: must be 0 or more. Raise it.'])
  })

  it('LITELLM_DROP_PARAMS drops; the file wins', () => {
    expect(translate({ model_list: [] }, { LITELLM_DROP_PARAMS: 'True' }).config).toEqual({ dropParams: true })
    const raw = { litellm_settings: { drop_params: false } }
    expect(translate(raw, { LITELLM_DROP_PARAMS: 'True' }).config).toEqual({ dropParams: false })
  })
})

describe('environment_variables', () => {
  it("follow edits of the file, but never replace the process's own", () => {
    const env: NodeJS.ProcessEnv = { OWN: 'process' }
    const raw = (value: string): Plain => ({
      environment_variables: { OWN: 'file', FROM_FILE: value, EMPTY: null },
      ...entry({ api_key: 'os.environ/FROM_FILE', api_version: 'os.environ/OWN' }),
    })
    expect(translate(raw('one'), env).config.models?.[0]).toMatchObject({ apiKey: 'one', apiVersion: 'process' })
    expect(translate(raw('two'), env).config.models?.[0]).toMatchObject({ apiKey: 'two', apiVersion: 'process' })
    expect(env).toEqual({ OWN: 'process', FROM_FILE: 'two' })
  })
})

describe('include', () => {
  const model = (name: string): string => `  - { model_name: ${name}, litellm_params: { model: openai/${name} } }\n`

  it('appends lists and merges other keys, the included file winning', async () => {
    const cwd = project({
      'config.yaml': `include: [a.yaml]\nmodel_list:\n${model('one')}guardrails: [{ guardrail_name: g }]\nlitellm_settings: { num_retries: 1, cache: true }\n`,
      'a.yaml': `model_list:\n${model('two')}guardrails: [{ guardrail_name: h }]\nlitellm_settings: { num_retries: 2 }\n`,
    })
    const { config, litellm } = await loadGatewayConfig({ cwd, env: {} })
    expect(config.models?.map(({ name }) => name)).toEqual(['one', 'two'])
    expect(litellm).toEqual({
      'litellm_settings.num_retries': 2,
      'litellm_settings.cache': true,
      guardrails: [{ guardrail_name: 'g' }, { guardrail_name: 'h' }],
    })
  })

  it('takes a file once that two files include', async () => {
    const cwd = project({
      'config.yaml': 'include: [a.yaml, sub/b.yaml]\n',
      'a.yaml': 'include: shared.yaml\n',
      'sub/b.yaml': 'include: ../shared.yaml\n',
      'shared.yaml': `model_list:\n${model('shared')}`,
    })
    const { config } = await loadGatewayConfig({ cwd, env: {} })
    expect(config.models?.map(({ name }) => name)).toEqual(['shared'])
  })

  it('names what is missing, broken, wrong, and every way round', async () => {
    const cwd = project({
      'config.yaml': 'include: [none.yaml, broken.yaml, 7, sub/a.yaml]\n',
      'broken.yaml': 'a: b: sk-secret\n',
      'sub/a.yaml': 'include: b.yaml\n',
      'sub/b.yaml': `include: a.yaml\nmodel_list:\n  - model_name: x\n    litellm_params: { model: openai/x, rpm: -1 }\n`,
    })
    expect(await problemsOf(() => loadGatewayConfig({ cwd, env: {} }))).toEqual([
      'config.yaml: include[0]: none.yaml was not found. Paths are relative to the file that includes them.',
      'config.yaml: include[1]: broken.yaml cannot be read: bad indentation of a mapping entry at line 1, column 5. Correct the file.',
      'config.yaml: include[2]: expected the path of a file, got a number. Write a path relative to this file.',
      'sub/b.yaml: include: the file includes itself: sub/a.yaml → sub/b.yaml → sub/a.yaml. Remove one of these includes.',
      'sub/b.yaml: model_list[0].litellm_params.rpm: expected a number of 0 or more, got -1. Raise it or remove the key.',
    ])
  })

  it('is read anew on every load', async () => {
    const cwd = project({ 'config.yaml': 'include: a.yaml\n' })
    for (const name of ['one', 'two']) {
      write(join(cwd, 'a.yaml'), `model_list:\n${model(name)}`)
      expect((await loadGatewayConfig({ cwd, env: {} })).config.models).toEqual([{ name, model: `openai/${name}` }])
    }
  })

  it('may be JSON', async () => {
    const cwd = project({
      'c.json': '{ "model_list": [{ "model_name": "a", "litellm_params": { "model": "openai/a" } }] }',
    })
    const { config } = await loadGatewayConfig({ cwd, file: 'c.json', env: {} })
    expect(config).toEqual({ models: [{ name: 'a', model: 'openai/a' }] })
  })
})
