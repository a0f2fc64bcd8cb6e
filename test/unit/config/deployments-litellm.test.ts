import { expect, it } from 'vitest'
import { z } from 'zod'
import { toDeployments } from '../../../src/config/deployments.ts'
import { translateLitellm } from '../../../src/config/litellm.ts'
import { defineProvider } from '../../../src/define.ts'
import type { ProviderDefinition } from '../../../src/types/provider.ts'

const setup = () => ({ endpoints: {} })
const openai = z.object({ apiKey: z.string().optional(), baseURL: z.url().optional() })
const providers: ReadonlyMap<string, ProviderDefinition> = new Map(
  [
    defineProvider({ name: 'openai', options: openai, setup }),
    defineProvider({ name: 'mock', options: z.object({ apiKey: z.string().optional() }), setup }),
  ].map((definition) => [definition.name, definition as ProviderDefinition]),
)

it('problems of LiteLLM’s entries name their place in its words; what is only not built yet warns', () => {
  const { config } = translateLitellm(
    {
      model_list: [
        { model_name: 'a', litellm_params: { model: 'acme/a' } },
        { model_name: 'b', litellm_params: { model: 'mock/b', api_version: '1', vertex_project: 'p' } },
        { model_name: 'c', litellm_params: { model: 'openai/c', api_key: 'k', api_base: 'nowhere' } },
        { model_name: 'd', litellm_params: { model: 'd', custom_llm_provider: 'acme' } },
        { model_name: 'e', litellm_params: { model: 'bedrock/e', aws_region_name: 'eu' } },
        { model_name: 'f', litellm_params: { model: 'f', custom_llm_provider: 'vertex_ai' } },
      ],
    },
    { file: 'sub/models.yaml', env: {} },
  )
  const { problems, warnings } = toDeployments(config, providers, { env: {}, source: 'config.yaml' })
  expect(problems).toEqual([
    {
      file: 'sub/models.yaml',
      path: 'model_list[0].litellm_params.model',
      message: 'unknown provider "acme". Known are: mock, openai.',
    },
    {
      file: 'sub/models.yaml',
      path: 'model_list[2].litellm_params.api_base',
      message: 'is not a valid url. Write it with its scheme, such as http://localhost:8000/v1.',
    },
    {
      file: 'sub/models.yaml',
      path: 'model_list[3].litellm_params.custom_llm_provider',
      message: 'unknown provider "acme". Known are: mock, openai.',
    },
  ])
  expect(warnings).toEqual([
    'sub/models.yaml model_list[1]: mock has no option apiVersion; it has no effect.',
    'sub/models.yaml model_list[1]: mock has no option vertexProject; it has no effect.',
    'sub/models.yaml model_list[4]: the provider bedrock is not built yet; "e" goes without this deployment.',
    'sub/models.yaml model_list[5]: the provider vertex_ai is not built yet; "f" goes without this deployment.',
  ])
})
