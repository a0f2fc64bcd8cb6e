import { join } from 'node:path'
import { expect, it } from 'vitest'
import { litellmWarnings, applyLitellmSettings } from '../../../src/config/litellm.ts'
import { loadGatewayConfig } from '../../../src/config/load.ts'
import { originOf } from '../../../src/config/model-origin.ts'

const cwd = new URL('../../fixtures/litellm/', import.meta.url).pathname.replace(/\/$/, '')

function environment(): NodeJS.ProcessEnv {
  return {
    AZURE_EU_BASE: 'https://eu.example',
    AZURE_API_KEY: 'azure-key',
    OPENAI_API_KEY: 'sk-openai',
    AWS_ACCESS_KEY_ID: 'aws-id',
    LITELLM_MASTER_KEY: 'sk-master',
    REDIS_PORT: '7000',
  }
}

it('translates a whole config with includes', async () => {
  const env = environment()
  const loaded = await loadGatewayConfig({ cwd, file: 'config.yaml', env })
  expect(loaded.files).toEqual(
    ['config.yaml', 'models/local.yaml', 'models/teams.yaml', 'models/deeper/more.yaml'].map((file) => join(cwd, file)),
  )
  expect(loaded.source).toBe('config.yaml')
  expect(loaded.root).toBe(cwd)
  // LiteLLM takes the process's variable before the file's.
  expect([env['REDIS_HOST'], env['REDIS_PORT'], env['FIXTURE_REGION']]).toEqual([
    'cache.internal.example',
    '7000',
    'westeurope',
  ])
  expect(loaded.config).toEqual({
    dropParams: true,
    timeout: 240,
    limits: { body: 20_971_520, upload: 20_971_520 },
    aliases: { 'gpt-4': 'gpt-4o', 'gpt-4-turbo': 'gpt-4o', fast: 'claude-sonnet' },
    storage: {
      cache: { driver: 'redis', host: 'cache.internal.example', port: 7000 },
      counters: { driver: 'redis', host: 'cache.internal.example', port: 7000 },
    },
    models: [
      {
        name: 'gpt-4o',
        model: 'azure/gpt-4o-eu',
        id: 'gpt-4o-eu',
        apiKey: 'azure-key',
        baseURL: 'https://eu.example',
        apiVersion: '2024-10-21',
        azureScope: 'https://cognitiveservices.azure.com/.default',
        rpm: 900,
        tpm: 150_000,
        weight: 3,
        order: 1,
        maxParallel: 50,
        timeout: 120,
        streamTimeout: 20,
        idleTimeout: 15,
        info: {
          id: 'gpt-4o-eu',
          base_model: 'azure/gpt-4o-2024-11-20',
          mode: 'chat',
          access_groups: ['default', 'beta'],
          supports_vision: true,
        },
      },
      ...['org-research', 'org-product'].map((organization) => ({
        name: 'gpt-4o',
        model: 'openai/gpt-4o',
        apiKey: 'sk-openai',
        organization,
        order: 2,
        rpm: 500,
        streamTimeout: 45,
        prices: {
          input_cost_per_token: 0.0000025,
          output_cost_per_token: 0.00001,
          cache_read_input_token_cost: 0.00000125,
        },
        info: { search_context_cost_per_query: { search_context_size_low: 0.03 } },
      })),
      {
        name: 'claude-sonnet',
        model: 'anthropic/claude-sonnet-4-5',
        streamTimeout: 45,
        params: { max_tokens: 8192, temperature: 0.2, thinking: { type: 'enabled', budget_tokens: 2048 } },
        dropParams: true,
        additionalDropParams: ['logit_bias', 'seed'],
        headers: { 'anthropic-beta': 'fine-grained-tool-streaming-2025-05-14', 'x-shard': '7' },
        tags: ['paid', 'eu'],
        info: { max_input_tokens: 200_000, cooldown_time: 30, num_retries: 2 },
      },
      {
        name: 'claude-bedrock',
        model: 'bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0',
        streamTimeout: 45,
        awsRegionName: 'westeurope',
        awsAccessKeyId: 'aws-id',
      },
      {
        name: 'gemini-pro',
        model: 'gemini-2.5-pro',
        provider: 'vertex_ai',
        streamTimeout: 45,
        vertexProject: 'analytics',
        vertexLocation: 'europe-west4',
      },
      { name: 'openai/*', model: 'openai/*', apiKey: 'sk-openai', streamTimeout: 45 },
      { name: '*', model: '*', streamTimeout: 45 },
      {
        name: 'embed',
        model: 'text-embedding-3-small',
        provider: 'openai',
        apiKey: 'sk-openai',
        streamTimeout: 45,
        params: { dimensions: 512 },
        info: { mode: 'embedding' },
      },
      {
        name: 'llama',
        model: 'ollama_chat/llama3.2',
        baseURL: 'http://127.0.0.1:11434',
        streamTimeout: 45,
        params: { num_ctx: 8192 },
      },
      {
        name: 'teams/*::static::*',
        model: 'openai/team-*-*',
        baseURL: 'https://teams.example/v1',
        apiKey: 'none',
        streamTimeout: 45,
      },
      {
        name: 'replay',
        model: 'openai/replay',
        apiKey: 'unused',
        streamTimeout: 45,
        params: { mock_response: 'It is sunny.' },
      },
    ],
  })
  expect(loaded.warnings).toEqual([
    'config.yaml: model_list[2].litellm_params.api_key: environment variable ANTHROPIC_API_KEY is not set; "claude-sonnet" is left without it. Set ANTHROPIC_API_KEY.',
    'config.yaml: model_list[3].litellm_params.aws_secret_access_key: environment variable AWS_SECRET_ACCESS_KEY is not set; "claude-bedrock" is left without it. Set AWS_SECRET_ACCESS_KEY.',
  ])
  expect(loaded.litellm).toEqual({
    hiddenAliases: ['gpt-4-turbo'],
    'litellm_params.cooldown_time': 30,
    'litellm_params.num_retries': 2,
    'litellm_settings.num_retries': 3,
    'litellm_settings.set_verbose': false,
    'litellm_settings.callbacks': ['prometheus'],
    'litellm_settings.cache': true,
    'litellm_settings.cache_params': { type: 'redis', ttl: 600 },
    'router_settings.routing_strategy': 'simple-shuffle',
    'router_settings.allowed_fails': 3,
    'router_settings.cooldown_time': 10,
    'router_settings.fallbacks': [{ 'gpt-4o': ['claude-sonnet'] }],
    'general_settings.master_key': 'sk-master',
    'general_settings.database_url': 'os.environ/DATABASE_URL',
    'general_settings.alerting': ['slack'],
    guardrails: [{ guardrail_name: 'pii', litellm_params: { guardrail: 'presidio', mode: 'pre_call' } }],
  })
})

it('remembers where each entry was written', async () => {
  const { config } = await loadGatewayConfig({ cwd, file: 'config.yaml', env: environment() })
  const sources = config.models!.map((model) => originOf(model)?.source)
  expect(sources).toEqual([
    'config.yaml model_list[0]',
    'config.yaml model_list[1]',
    'config.yaml model_list[1]',
    'config.yaml model_list[2]',
    'config.yaml model_list[3]',
    'config.yaml model_list[4]',
    'config.yaml model_list[5]',
    'config.yaml model_list[6]',
    'config.yaml model_list[7]',
    'models/local.yaml model_list[0]',
    'models/teams.yaml model_list[0]',
    'models/deeper/more.yaml model_list[0]',
  ])
  expect(originOf(config.models![3]!)?.missing).toEqual({ apiKey: 'ANTHROPIC_API_KEY' })
})

it('says in one warning what is not built; a variable that is not set does not matter there', async () => {
  const { config, litellm } = await loadGatewayConfig({ cwd, file: 'config.yaml', env: environment() })
  const { unclaimed } = applyLitellmSettings(litellm!, [], config)
  expect(litellmWarnings(unclaimed)).toEqual([
    'LiteLLM settings that are not built yet and have no effect: litellm_params.cooldown_time, litellm_params.num_retries, litellm_settings.num_retries, litellm_settings.set_verbose, litellm_settings.callbacks, litellm_settings.cache, litellm_settings.cache_params, router_settings.routing_strategy, router_settings.allowed_fails, router_settings.cooldown_time, router_settings.fallbacks, general_settings.master_key, general_settings.database_url, general_settings.alerting, guardrails.',
  ])
})
