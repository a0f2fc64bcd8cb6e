import { defineProvider, z, type Call, type Translation, type UpstreamRequest } from '../../src/index.ts'
import { decodeChat } from './decode.ts'
import type { Dialect } from './dialect.ts'
import { decodeEmbeddings, encodeEmbeddings } from './embeddings.ts'
import { encodeRequest } from './encode-request.ts'
import { readError } from './error.ts'
import { passGenerate } from './generate.ts'
import { isObject, listOf, textOf, type Json } from './json.ts'
import { toModelPath } from './model-path.ts'
import { createChatDecoder } from './stream.ts'

const options = z.object({
  apiKey: z.string().min(1).describe('API key of Google AI Studio. Sent as the header x-goog-api-key.'),
  baseURL: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/^\w+:\/\/[^/]*@|[?#]/.test(url), 'must hold no credentials and no query')
    .default('https://generativelanguage.googleapis.com')
    .describe('Base URL, with or without the version.'),
  apiVersion: z
    .string()
    .regex(/^v\d\w*$/)
    .default('v1beta')
    .describe('Version of the API. JSON Schema for tools and answers needs v1beta.'),
})

/** Google's Gemini API (AI Studio), for clients of OpenAI's chat and embeddings and for its own. */
export default defineProvider({
  name: 'gemini',
  description: "Google's Gemini models through the Gemini API (AI Studio)",
  options,
  env: { apiKey: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'], baseURL: 'GEMINI_API_BASE' },
  required: ['apiKey'],
  claims: ['gemini-*'],
  priceProvider: 'google',
  setup({ apiKey, baseURL, apiVersion }) {
    const base = toBase(baseURL, apiVersion)
    const headers = { 'content-type': 'application/json', 'x-goog-api-key': apiKey }
    const dialect: Dialect = {
      jsonSchema: !base.endsWith('/v1'),
      callIds: !base.endsWith('/v1'),
      serviceTier: true,
      filesURL: `${base}/`,
    }
    const post = (translation: Translation, method: string, body: Json): UpstreamRequest => ({
      url: `${base}/${toModelPath(translation.target.model)}:${method}`,
      method: 'POST',
      headers: { ...headers },
      body: JSON.stringify(body),
    })
    return {
      baseURL: base,
      endpoints: {
        'openai.chat': {
          encode: (call, translation) => post(translation, methodOf(call), encodeRequest(call, translation, dialect)),
          decode: decodeChat,
          decodeStream: createChatDecoder,
        },
        'openai.embeddings': {
          encode: (call, translation) => post(translation, 'batchEmbedContents', encodeEmbeddings(call, translation)),
          decode: decodeEmbeddings,
        },
        'gemini.generate': {
          encode: (call, { target }) => passGenerate(call, { base, model: target.model, headers: { ...headers } }),
        },
      },
      error: (status, body) => readError(status, apiKey.length < 8 ? body : body.replaceAll(apiKey, '***')),
      models: () => ({
        request: { url: `${base}/models?pageSize=1000`, method: 'GET', headers: { ...headers } },
        names: (body) =>
          listOf(isObject(body) ? body['models'] : undefined)
            .map((model) => (isObject(model) ? textOf(model['name']).replace(/^models\//, '') : ''))
            .filter(Boolean),
      }),
    }
  },
})

function methodOf(call: Call): string {
  return call.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
}

/** The base with its version; `…/v1beta/openai` is Google's own translation of the same API. */
function toBase(baseURL: string, apiVersion: string): string {
  const base = baseURL.replace(/\/+$/, '').replace(/\/openai$/, '')
  return /\/v\d\w*$/.test(base) ? base : `${base}/${apiVersion}`
}
