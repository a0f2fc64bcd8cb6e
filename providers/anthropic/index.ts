import { defineProvider, rewriteBody, z, type Call, type UpstreamRequest } from '../../src/index.ts'
import { decodeMessage } from './decode.ts'
import { encodeRequest } from './encode-request.ts'
import { readError } from './error.ts'
import { createMessageDecoder } from './stream.ts'

const options = z.object({
  apiKey: z.string().min(1).describe('API key, or an OAuth token (sk-ant-oat…)'),
  baseURL: z
    .url({ protocol: /^https?$/ })
    .default('https://api.anthropic.com')
    .describe('Base URL, with or without /v1'),
  version: z.string().default('2023-06-01').describe('The header anthropic-version'),
  beta: z.array(z.string()).default([]).describe('Values of the header anthropic-beta'),
  maxTokens: z.int().positive().optional().describe('max_tokens where the client sets no limit (default 4096)'),
})

/** Anthropic's Messages API, for clients of OpenAI's chat and for its own. */
export default defineProvider({
  name: 'anthropic',
  description: "Anthropic's Claude models through the Messages API",
  options,
  env: { apiKey: 'ANTHROPIC_API_KEY', baseURL: ['ANTHROPIC_API_BASE', 'ANTHROPIC_BASE_URL'] },
  required: ['apiKey'],
  claims: ['claude-*'],
  setup({ apiKey, baseURL, version, beta, maxTokens }) {
    const base = `${baseURL.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1`
    const headers = createHeaders({ apiKey, version, beta })
    const plain = headers()
    return {
      baseURL: base,
      endpoints: {
        'openai.chat': {
          encode: (call, translation) => ({
            url: `${base}/messages`,
            headers: { ...plain },
            body: JSON.stringify(encodeRequest(call, translation, { maxTokens })),
          }),
          decode: decodeMessage,
          decodeStream: (sink, call) => createMessageDecoder(sink, call),
        },
        'anthropic.messages': {
          encode: (call, { target }) => passMessages(call, { base, model: target.model, headers: headers(call) }),
        },
      },
      error: (status, body) => readError(status, apiKey.length < 8 ? body : body.replaceAll(apiKey, '***')),
      models: () => ({
        request: { url: `${base}/models?limit=1000`, method: 'GET', headers: { ...plain } },
        names: (body) => modelNames(body),
      }),
    }
  },
})

/** The same dialect on both sides: only the model changes. Serves `/messages` and the paths below it. */
function passMessages(
  call: Call,
  to: { base: string; model: string; headers: Record<string, string> },
): UpstreamRequest {
  const path = /^\/messages(\/|$)/.test(call.path) ? call.path : '/messages'
  const request = { url: `${to.base}${path}${call.search}`, method: call.method, headers: to.headers }
  if (call.method === 'GET' || call.method === 'DELETE') return request
  return { ...request, body: 'model' in call.body ? rewriteBody(call, { set: { model: to.model } }) : call.raw }
}

interface HeaderOptions {
  apiKey: string
  version: string
  beta: readonly string[]
}

/** Makes a request's headers. Of the client's own, `anthropic-version` and `anthropic-beta` speak of the dialect. */
function createHeaders({ apiKey, version, beta }: HeaderOptions): (call?: Call) => Record<string, string> {
  const oauth = apiKey.startsWith('sk-ant-oat')
  const always = oauth ? ['oauth-2025-04-20', ...beta] : beta
  return (call) => {
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'anthropic-version': call?.headers.get('anthropic-version') ?? version,
    }
    if (oauth) headers['authorization'] = `Bearer ${apiKey}`
    else headers['x-api-key'] = apiKey
    const asked =
      call?.headers
        .get('anthropic-beta')
        ?.split(',')
        .map((each) => each.trim()) ?? []
    const values = new Set([...always, ...asked.filter(Boolean)])
    if (values.size) headers['anthropic-beta'] = [...values].join(',')
    return headers
  }
}

function modelNames(body: unknown): string[] {
  const data = (body as { data?: unknown } | null)?.data
  return Array.isArray(data) ? data.map((each) => each?.id).filter((id): id is string => typeof id === 'string') : []
}
