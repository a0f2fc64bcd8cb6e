import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineProvider } from '../../../src/define.ts'
import { environmentDeployments, toDeployments } from '../../../src/config/deployments.ts'
import { translateLitellm } from '../../../src/config/litellm.ts'
import type { Deployments } from '../../../src/config/deployments.ts'
import type { GatewayConfig } from '../../../src/types/config.ts'
import type { ProviderDefinition } from '../../../src/types/provider.ts'

const setup = () => ({ endpoints: {} })

const providers: ReadonlyMap<string, ProviderDefinition> = new Map(
  [
    defineProvider({
      name: 'openai',
      options: z.object({
        apiKey: z.string().optional(),
        baseURL: z.url().default('https://api.openai.com/v1'),
        organization: z.string().optional(),
      }),
      env: { apiKey: 'OPENAI_API_KEY', baseURL: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'] },
      required: ['apiKey'],
      claims: ['gpt-*', 'o3*', 'text-embedding-3-small'],
      setup,
    }),
    defineProvider({
      name: 'azure',
      options: z.strictObject({ apiKey: z.string(), baseURL: z.string(), apiVersion: z.string().default('v1') }),
      env: { apiKey: 'AZURE_API_KEY', baseURL: 'AZURE_API_BASE' },
      required: ['apiKey', 'baseURL'],
      setup,
    }),
    defineProvider({
      name: 'together',
      options: z.looseObject({ apiKey: z.string().optional() }),
      env: { apiKey: ['TOGETHER_API_KEY', 'TOGETHERAI_API_KEY'] },
      required: ['apiKey'],
      aliases: ['together_ai'],
      setup,
    }),
    defineProvider({ name: 'mock', options: z.object({ apiKey: z.string().optional() }), setup }),
  ].map((definition) => [definition.name, definition as ProviderDefinition]),
)

function deploy(config: GatewayConfig, env: NodeJS.ProcessEnv = {}): Deployments {
  return toDeployments(config, providers, { env, source: 'gateway.config.ts' })
}

describe('a deployment', () => {
  it('has the options of the entry, of its provider, of the environment, and defaults, in this order', () => {
    const { deployments, problems, warnings } = deploy(
      {
        models: [
          {
            name: 'fast',
            model: 'openai/gpt-4o',
            organization: 'org-entry',
            rpm: 5,
            params: { temperature: 0 },
            headers: { 'x-a': 'b' },
            info: { mode: 'chat' },
            id: 'one',
          },
        ],
        providers: { openai: { organization: 'org-shared', apiKey: 'sk-shared', timeout: 9, rpm: 7 } },
      },
      { OPENAI_API_KEY: 'sk-env', OPENAI_API_BASE: 'https://env.example/v1' },
    )
    expect([problems, warnings]).toEqual([[], []])
    expect(deployments).toEqual([
      {
        id: 'one',
        name: 'fast',
        provider: 'openai',
        model: 'gpt-4o',
        options: { apiKey: 'sk-shared', baseURL: 'https://env.example/v1', organization: 'org-entry' },
        rpm: 5,
        timeout: 9,
        params: { temperature: 0 },
        headers: { 'x-a': 'b' },
        info: { mode: 'chat' },
        source: 'gateway.config.ts models[0]',
      },
    ])
  })

  it.each([
    [{ model: 'together_ai/meta/llama-3' }, 'together', 'meta/llama-3'],
    [{ model: 'meta/llama-3', provider: 'together_ai' }, 'together', 'meta/llama-3'],
    [{ model: 'gpt-4o-mini' }, 'openai', 'gpt-4o-mini'],
    [{ model: 'text-embedding-3-small' }, 'openai', 'text-embedding-3-small'],
    [{ model: 'openai/*' }, 'openai', '*'],
    [{ model: 'mock/a*b' }, 'mock', 'a*b'],
  ])('%j is %s %s', (model, provider, upstream) => {
    const env = { OPENAI_API_KEY: 'k', TOGETHER_API_KEY: 'k' }
    const [deployment] = deploy({ models: [{ name: 'x', ...model }] }, env).deployments
    expect([deployment?.provider, deployment?.model]).toEqual([provider, upstream])
  })

  it('takes the first variable that is set; an empty one is not', () => {
    const env = { TOGETHER_API_KEY: '', TOGETHERAI_API_KEY: 'second' }
    expect(deploy({ models: [{ name: 'x', model: 'together/x' }] }, env).deployments[0]?.options).toEqual({
      apiKey: 'second',
    })
  })

  it('without a required option is kept and says which variable to set', () => {
    const { deployments, problems, warnings } = deploy({
      models: [
        { name: 'a', model: 'azure/eu', rpm: 3 },
        { name: 'b', model: 'openai/gpt-4o' },
      ],
    })
    expect(problems).toEqual([])
    expect(warnings).toEqual([
      'gateway.config.ts models[0]: "a" has no apiKey and no baseURL for azure. Set AZURE_API_KEY and AZURE_API_BASE, or give it in the config.',
      'gateway.config.ts models[1]: "b" has no apiKey for openai. Set OPENAI_API_KEY, or give it in the config.',
    ])
    expect(deployments.map(({ info, options }) => [info, options])).toEqual([
      [{ missing: ['apiKey', 'baseURL'], missingVariables: ['AZURE_API_KEY', 'AZURE_API_BASE'] }, {}],
      [{ missing: ['apiKey'], missingVariables: ['OPENAI_API_KEY'] }, { baseURL: 'https://api.openai.com/v1' }],
    ])
  })

  it('whose own variable is not set takes no other key', () => {
    const { config } = translateLitellm(
      { model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_key: 'os.environ/TEAM_KEY' } }] },
      { file: 'config.yaml', env: {} },
    )
    const { deployments, warnings } = deploy(config, { OPENAI_API_KEY: 'sk-other-team' })
    expect(warnings).toEqual([])
    expect(deployments[0]).toMatchObject({
      options: { baseURL: 'https://api.openai.com/v1' },
      info: { missing: ['apiKey'], missingVariables: ['TEAM_KEY'] },
      source: 'config.yaml model_list[0]',
    })
    expect(deployments[0]?.options).not.toHaveProperty('apiKey')
  })
})

describe('problems', () => {
  it('have path, reason and fix', () => {
    const { deployments, problems } = deploy(
      {
        models: [
          { name: 'a', model: 'opnai/gpt-4o' },
          { name: 'b', model: 'llama', provider: 'acme' },
          { name: 'c', model: 'llama' },
          { name: 'd', model: 'openai/x', baseURL: 'not a url', organisation: 'o' },
          { name: 'e', model: 'azure/x', apiVersion: 2024, region: 'eu' },
          { name: 'f', model: 'together' },
        ],
        providers: { opnai: {} },
      },
      { OPENAI_API_KEY: 'k', AZURE_API_KEY: 'k', AZURE_API_BASE: 'b' },
    )
    expect(problems).toEqual([
      {
        path: 'providers.opnai',
        message: 'unknown provider "opnai". Did you mean "openai"? Known are: azure, mock, openai, together.',
      },
      {
        path: 'models[0].model',
        message: 'unknown provider "opnai". Did you mean "openai"? Known are: azure, mock, openai, together.',
      },
      { path: 'models[1].provider', message: 'unknown provider "acme". Known are: azure, mock, openai, together.' },
      {
        path: 'models[2].model',
        message: '"llama" names no provider. Write "provider/llama", such as "openai/llama".',
      },
      {
        path: 'models[3].baseURL',
        message: 'is not a valid url. Write it with its scheme, such as http://localhost:8000/v1.',
      },
      { path: 'models[3].organisation', message: 'is not a known key. Did you mean "organization"?' },
      { path: 'models[4].apiVersion', message: 'expected a text, got a number. Write a text in quotes.' },
      {
        path: 'models[4].region',
        message: 'is not a known key. Known are: apiKey, baseURL, apiVersion.',
      },
      {
        path: 'models[5].model',
        message: '"together" is a provider, and names no model of it. Write "together/<model>".',
      },
    ])
    expect(deployments.map(({ name }) => name)).toEqual(['d', 'e'])
  })
})

describe('ids', () => {
  const ids = (config: GatewayConfig, env: NodeJS.ProcessEnv = { OPENAI_API_KEY: 'k' }): string[] =>
    deploy(config, env).deployments.map(({ id }) => id)

  it('are stable, whatever the order of the keys and the environment', () => {
    const first = ids({ models: [{ name: 'a', model: 'together/x', apiKey: 'k', z: { b: 1, a: 2 } }] })
    const second = ids({ models: [{ z: { a: 2, b: 1 }, apiKey: 'k', model: 'together/x', name: 'a' }] }, {})
    expect(first).toEqual(['d57c3e28d7529443'])
    expect(second).toEqual(first)
  })

  it('tell entries apart by name, model, place and credentials, and number equal ones', () => {
    const models = [
      { name: 'a', model: 'openai/x' },
      { name: 'b', model: 'openai/x' },
      { name: 'a', model: 'openai/y' },
      { name: 'a', model: 'openai/x', baseURL: 'http://x.example' },
      { name: 'a', model: 'openai/x', apiKey: 'k2' },
      { name: 'a', model: 'openai/x', rpm: 3 },
    ]
    const made = ids({ models })
    expect(new Set(made).size).toBe(6)
    expect(made[5]).toBe(`${made[0]}-2`)
    expect(made.join()).not.toContain('k2')
  })

  it('may be given; the second use of one is renamed and reported', () => {
    const models = [
      { name: 'a', model: 'mock/x', id: 'one' },
      { name: 'b', model: 'mock/x', info: { id: 'one' } },
      { name: 'c', model: 'mock/x', info: { id: 'three' } },
    ]
    const { deployments, warnings } = deploy({ models })
    expect(deployments.map(({ id }) => id)).toEqual(['one', 'one-2', 'three'])
    expect(warnings).toEqual(['gateway.config.ts models[1]: the id "one" is taken; this deployment is called "one-2".'])
  })
})

describe('without a config', () => {
  it('every provider whose required options are in the environment is there as a wildcard', () => {
    const env = { OPENAI_API_KEY: 'k', AZURE_API_KEY: 'k', TOGETHERAI_API_KEY: 'k' }
    const models = environmentDeployments(providers, env)
    expect(models).toEqual([
      { name: 'openai/*', model: 'openai/*' },
      { name: 'together/*', model: 'together/*' },
    ])
    const { deployments } = deploy({ models }, env)
    expect(deployments.map(({ name, model, source }) => [name, model, source])).toEqual([
      ['openai/*', '*', 'environment'],
      ['together/*', '*', 'environment'],
    ])
    expect(environmentDeployments(providers, {})).toEqual([])
  })

  it('"*" as a model stands for these, below any prefix', () => {
    const models = [
      { name: '*', model: '*', rpm: 5 },
      { name: 'team/*', model: '*' },
    ]
    const { deployments } = deploy({ models }, { OPENAI_API_KEY: 'k', TOGETHER_API_KEY: 'k' })
    expect(deployments.map(({ name, provider, model, rpm }) => [name, provider, model, rpm])).toEqual([
      ['openai/*', 'openai', '*', 5],
      ['together/*', 'together', '*', 5],
      ['team/openai/*', 'openai', '*', undefined],
      ['team/together/*', 'together', '*', undefined],
    ])
    expect(deploy({ models: [models[0]!] })).toEqual({
      deployments: [],
      problems: [],
      warnings: [
        'gateway.config.ts models[0]: "*" stands for every provider whose key is in the environment, and there is none. Set one, such as OPENAI_API_KEY.',
      ],
    })
  })

  it('one key is never sent to every provider', () => {
    const { problems, deployments } = deploy(
      { models: [{ name: '*', model: '*', apiKey: 'k' }] },
      { OPENAI_API_KEY: 'k' },
    )
    expect(deployments).toEqual([])
    expect(problems).toEqual([
      { path: 'models[0].model', message: '"*" names no provider. Write "provider/*", such as "openai/*".' },
    ])
  })
})
