import { defineProvider, notConfigured, openAIEndpoints, z } from '../src/index.ts'
import type { Provider } from '../src/index.ts'

const env = {
  apiKey: ['AZURE_API_KEY', 'AZURE_OPENAI_API_KEY'],
  baseURL: ['AZURE_API_BASE', 'AZURE_OPENAI_ENDPOINT'],
  apiVersion: ['AZURE_API_VERSION', 'OPENAI_API_VERSION'],
  azureAdToken: 'AZURE_AD_TOKEN',
}

/** Paths that Azure serves below `/openai/deployments/{deployment}` (Azure OpenAI REST API reference, data plane). */
const BY_DEPLOYMENT = /^\/(chat\/completions|completions|embeddings|images\/(generations|edits)|audio\/)/

/** Azure OpenAI: OpenAI's wire under Azure's addresses. The model is the deployment's name. */
export default defineProvider({
  name: 'azure',
  description: 'Azure OpenAI by its resource, with a key or an Entra ID token',
  options: z.object({
    apiKey: z.string().min(1).optional().describe('Key, sent as `api-key`.'),
    azureAdToken: z.string().min(1).optional().describe('Entra ID token, sent as a bearer token instead of a key.'),
    baseURL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('`https://<resource>.openai.azure.com`, or its `/openai/v1` for the version-less API.'),
    apiVersion: z
      .string()
      .default('2024-10-21')
      .describe('`api-version` of the data plane; the latest stable one by default.'),
  }),
  env,
  required: ['baseURL'],
  aliases: ['azure_text'],
  setup(options): Omit<Provider, 'name'> {
    const base = (options.baseURL ?? '').replace(/\/+$/, '')
    const root = base.replace(/\/openai(\/deployments\/[^/]+)?$/, '')
    const version = `api-version=${encodeURIComponent(options.apiVersion)}`
    // Azure's clients say one too: two would be none.
    const withVersion = (search: string) => {
      const query = new URLSearchParams(search)
      query.set('api-version', options.apiVersion)
      return `?${query}`
    }
    const headers: Record<string, string> = options.apiKey
      ? { 'api-key': options.apiKey }
      : { authorization: `Bearer ${options.azureAdToken}` }
    return {
      baseURL: base,
      endpoints: openAIEndpoints(
        { name: 'azure', env },
        {
          headers,
          check() {
            if (!options.apiKey && !options.azureAdToken) throw notConfigured('azure', ['apiKey'], ['AZURE_API_KEY'])
          },
          url(path, search, model) {
            // The version-less API is OpenAI's own, model in the body and all.
            if (base.endsWith('/openai/v1')) return base + path + search
            const query = search ? withVersion(search) : `?${version}`
            const below = BY_DEPLOYMENT.test(path) ? `/deployments/${encodeURIComponent(model)}` : ''
            return `${root}/openai${below}${path}${query}`
          },
        },
      ),
    }
  },
})
