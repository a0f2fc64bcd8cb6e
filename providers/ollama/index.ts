/**
 * Ollama over its own API (https://docs.ollama.com/api), which can say more than its OpenAI-compatible one: `options`,
 * `keep_alive`, `think`. What OpenAI's API can ask for and Ollama's cannot is refused by name.
 */
import { defineProvider, z } from '../../src/index.ts'
import type { UpstreamRequest } from '../../src/index.ts'
import { isOllamaAddress, toOllamaAddress } from './base-url.ts'
import { decodeChat, decodeCompletion } from './decode.ts'
import { decodeEmbeddings, encodeEmbeddings } from './embeddings.ts'
import { encodeChat } from './encode-chat.ts'
import { encodeCompletion } from './encode-completion.ts'
import { decodeError } from './error.ts'
import { isRecord } from './fields.ts'
import { decodeChatStream, decodeCompletionStream } from './stream.ts'

export default defineProvider({
  name: 'ollama',
  description: 'Models of an Ollama server, local or in its cloud.',
  options: z.object({
    baseURL: z
      .string()
      .refine(isOllamaAddress, 'must be an http or https URL, or host:port')
      .default('http://127.0.0.1:11434')
      .describe('The server: a URL, or host:port as in OLLAMA_HOST.'),
    apiKey: z.string().optional().describe('Sent as bearer token. A local server needs none.'),
    keepAlive: z
      .union([z.string(), z.number()])
      .optional()
      .describe('How long a model stays loaded after a request: `5m`, seconds, 0 or -1 (for ever).'),
    options: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("Ollama's own options for every request: `{ num_ctx: 16384 }`."),
  }),
  env: { baseURL: ['OLLAMA_API_BASE', 'OLLAMA_HOST'], apiKey: 'OLLAMA_API_KEY' },
  required: [],
  local: true,
  aliases: ['ollama_chat'],
  prices: { input_cost_per_token: 0, output_cost_per_token: 0 },
  priceProvider: false,

  setup({ baseURL, apiKey, keepAlive, options }) {
    const address = toOllamaAddress(baseURL)
    const authorization = apiKey === undefined || apiKey === '' ? address.authorization : `Bearer ${apiKey}`
    const headers = authorization === undefined ? {} : { authorization }
    const defaults = { keepAlive, options }
    const post = (path: string, body: Record<string, unknown>): UpstreamRequest => ({
      url: address.url + path,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      framing: 'ndjson',
    })

    return {
      baseURL: address.url,
      endpoints: {
        'openai.chat': {
          encode: (call, translation) => post('/api/chat', encodeChat(call, translation, defaults)),
          decode: decodeChat,
          decodeStream: decodeChatStream,
        },
        'openai.completions': {
          encode: (call, translation) => post('/api/generate', encodeCompletion(call, translation, defaults)),
          decode: decodeCompletion,
          decodeStream: decodeCompletionStream,
        },
        'openai.embeddings': {
          encode: (call, translation) => post('/api/embed', encodeEmbeddings(call, translation, defaults)),
          decode: decodeEmbeddings,
        },
      },
      error: decodeError,
      models: () => ({
        request: { url: `${address.url}/api/tags`, method: 'GET', headers: { ...headers } },
        names: (body) => {
          const models = isRecord(body) && Array.isArray(body['models']) ? body['models'] : []
          return models.flatMap((model: unknown) => {
            const name = isRecord(model) ? (model['model'] ?? model['name']) : undefined
            return typeof name === 'string' ? name : []
          })
        },
      }),
    }
  },
})
