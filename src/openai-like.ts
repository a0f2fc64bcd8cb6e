import { z } from 'zod'
import type { Call } from './types/call.ts'
import type { ErrorShape } from './types/chat.ts'
import type { Endpoint, Provider, ProviderDefinition, Translation, UpstreamRequest } from './types/provider.ts'
import { defineProvider } from './define.ts'
import { editMessages } from './foreign-fields.ts'
import { withFormModel } from './form.ts'
import { isJson, rewriteBytes } from './json-scan.ts'
import type { BodyEdits } from './json-scan.ts'
import { createOpenAIChatDecoder } from './wires/openai-chat-decoder.ts'
import { fromThinkingParts } from './wires/thinking-parts.ts'

/** Options of every OpenAI-compatible provider. */
export const openAILikeOptions = z.object({
  apiKey: z.string().min(1).optional().describe('Key, sent as a bearer token.'),
  baseURL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("The API's base, without an endpoint's path."),
  organization: z.string().optional().describe('Sent as `OpenAI-Organization`.'),
  project: z.string().optional().describe('Sent as `OpenAI-Project`.'),
})

export type OpenAILikeOptions = z.output<typeof openAILikeOptions>

/** What makes one OpenAI-compatible provider different from the others. */
export interface OpenAILike {
  readonly name: string
  readonly description?: string
  /** Default base URL; absent where every user has their own. */
  readonly baseURL?: string
  /** Environment variables of the key and the base. */
  readonly env?: Readonly<Record<string, string | readonly string[]>>
  readonly aliases?: readonly string[]
  readonly claims?: readonly string[]
  /** Default `['apiKey']`; `[]` where no key is needed. */
  readonly required?: readonly string[]
  /** False where the API rejects `stream_options` (and sends usage by itself). Default true. */
  readonly streamUsage?: boolean
  /** OpenAI field → the API's own name for it. */
  readonly rename?: Readonly<Record<string, string>>
  /** Fields the API rejects: refused, or dropped when asked. */
  readonly unsupported?: readonly string[]
  /** Fields the API rejects and that nobody misses upstream (`user`, which the gateway itself accounts by). */
  readonly consume?: readonly string[]
  /** Whether a model has text completions, at a base URL. Default true. What has none is asked for a chat instead. */
  readonly completions?: (model: string, base: string) => boolean
  /** False where the API rejects the role `developer`: it becomes `system`, which says the same. Default true. */
  readonly developerRole?: boolean
  /**
   * Fields that other providers' answers, or the gateway's, leave in assistant messages and that the API rejects. They mean
   * nothing to it, and are taken out.
   */
  readonly foreignFields?: readonly string[]
  /**
   * Whether a model that is asked so thinks in parts of its messages' content, as Mistral's do. Its answers are translated
   * (`reasoning_content`), and `reasoning_content` among `foreignFields` goes back as such a part.
   */
  readonly thinkingParts?: (model: string, body: Readonly<Record<string, unknown>>) => boolean
  readonly error?: (status: number, body: string) => ErrorShape
  /** See {@link ProviderDefinition.priceProvider}. */
  readonly priceProvider?: string | false
}

/** Headers of the client that belong to a passed-through request. */
const FORWARDED = ['accept', 'openai-beta', 'idempotency-key']

/** Makes a provider whose wire is OpenAI's: bytes through, in both directions. */
export function makeOpenAILike(like: OpenAILike): ProviderDefinition<typeof openAILikeOptions> {
  return defineProvider({
    name: like.name,
    description: like.description ?? `OpenAI-compatible${like.baseURL ? ` at ${like.baseURL}` : ''}`,
    options: openAILikeOptions,
    env: like.env,
    required: like.required ?? (like.baseURL ? ['apiKey'] : ['apiKey', 'baseURL']),
    aliases: like.aliases,
    claims: like.claims,
    priceProvider: like.priceProvider,
    setup: (options) => openAILikeProvider(like, options),
  })
}

/** The provider itself, for those that need more than {@link makeOpenAILike} says. */
export function openAILikeProvider(like: OpenAILike, options: OpenAILikeOptions): Omit<Provider, 'name'> {
  const base = (options.baseURL ?? like.baseURL ?? '').replace(/\/+$/, '')
  const headers = authHeaders(options)
  return {
    baseURL: base,
    ...(like.error ? { error: like.error } : {}),
    models: () => ({ request: { url: `${base}/models`, method: 'GET', headers }, names: modelNames }),
    endpoints: openAIEndpoints(like, { url: (path, search) => base + path + search, headers, base }),
  }
}

/** Where the requests of an OpenAI-shaped API go. */
export interface OpenAITarget {
  url(path: string, search: string, model: string): string
  readonly headers: Readonly<Record<string, string>>
  /** What {@link OpenAILike.completions} is told. */
  readonly base?: string
  /** Throws where an option is missing that `required` cannot say (one of two). */
  check?(): void
}

/** The endpoints of an OpenAI-shaped API. */
export function openAIEndpoints(like: OpenAILike, to: OpenAITarget): Provider['endpoints'] {
  const json = { 'content-type': 'application/json', ...to.headers }
  const edits = createEdits(like)
  const { completions, thinkingParts } = like
  const { base = '' } = to
  const endpoint: Endpoint = {
    encode(call, translation) {
      to.check?.()
      const { model } = translation.target
      const body = rewriteBytes(call, edits(call, translation))
      return { url: to.url(call.path, '', model), headers: json, body }
    },
  }
  return {
    'openai.chat': thinkingParts ? withVariant(endpoint, thinkingParts) : endpoint,
    'openai.completions': completions ? { ...endpoint, serves: (model) => completions(model, base) } : endpoint,
    'openai.embeddings': endpoint,
    'openai.*': {
      encode(call, { target }) {
        to.check?.()
        return passThrough(call, target.model, to)
      },
    },
  }
}

/** The same endpoint, whose answers are read where the model thinks. */
function withVariant(endpoint: Endpoint, thinks: NonNullable<OpenAILike['thinkingParts']>): Endpoint {
  const reading: Endpoint = { ...endpoint, decode: fromThinkingParts, decodeStream: createOpenAIChatDecoder }
  return { ...endpoint, variant: (call, { model }) => (thinks(model, call.body) ? reading : undefined) }
}

function createEdits(like: OpenAILike): (call: Call, translation: Translation) => BodyEdits {
  const { rename, unsupported, consume } = like
  const streamUsage = like.streamUsage !== false
  const { foreignFields: foreign = [], developerRole, thinkingParts } = like
  const messageEdits =
    developerRole === false || foreign.length > 0 ? { developer: developerRole === false, foreign } : undefined
  const thinkingEdits = messageEdits && thinkingParts && { ...messageEdits, thinking: true }
  const plain = !rename && !unsupported && !consume && !messageEdits
  return (call, translation) => {
    const set: Record<string, unknown> = { model: translation.target.model }
    const remove: string[] = []
    if (call.stream && call.wire !== 'openai.embeddings') {
      const given = call.body['stream_options'] as Record<string, unknown> | null | undefined
      if (streamUsage && given?.['include_usage'] !== true) set['stream_options'] = { ...given, include_usage: true }
      else if (!streamUsage && given !== undefined) remove.push('stream_options')
    }
    if (plain) return { set, remove }
    for (const key of unsupported ?? []) {
      if (call.body[key] === undefined) continue
      if (!asksNothing(call.body[key]) && !(key === 'n' && call.body[key] === 1)) translation.unsupported(key)
      remove.push(key)
    }
    for (const key of consume ?? []) if (call.body[key] !== undefined) remove.push(key)
    for (const [from, name] of Object.entries(rename ?? {})) {
      if (call.body[from] === undefined) continue
      remove.push(from)
      // Null says nothing: it must not take the place of what the API's own name says.
      if (call.body[from] !== null) set[name] = call.body[from]
    }
    const thinks = thinkingEdits && thinkingParts?.(translation.target.model, call.body)
    const messages = messageEdits && editMessages(call.body['messages'], thinks ? thinkingEdits : messageEdits)
    if (messages) set['messages'] = messages
    return { set, remove }
  }
}

/** Values that ask for what happens anyway. */
function asksNothing(value: unknown): boolean {
  if (value === null || value === false || value === 0) return true
  if (Array.isArray(value)) return value.every((each) => each === 'text')
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** Any other path: the body's bytes as they are, but for the model's name. */
function passThrough(call: Call, model: string, to: OpenAITarget): UpstreamRequest {
  const headers: Record<string, string> = { ...to.headers }
  for (const name of FORWARDED) {
    const value = call.headers.get(name)
    if (value !== null) headers[name] = value
  }
  const request = { url: to.url(call.path, call.search, model), method: call.method, headers }
  if (call.method === 'GET' || call.method === 'HEAD') return request
  const type = call.headers.get('content-type')
  if (isJson(call)) {
    headers['content-type'] = 'application/json'
    const named = model !== '' && (call.body['model'] !== undefined || call.wire !== 'openai.*')
    return { ...request, body: named ? rewriteBytes(call, { set: { model } }) : (call.raw as string) }
  }
  if (type !== null) headers['content-type'] = type
  if (!(call.raw instanceof Uint8Array)) return { ...request, body: call.raw }
  const body = type !== null && model !== '' ? withFormModel(call.raw, type, model) : call.raw
  return body.length > 0 ? { ...request, body } : request
}

function authHeaders(options: OpenAILikeOptions): Record<string, string> {
  return {
    ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
    ...(options.organization ? { 'openai-organization': options.organization } : {}),
    ...(options.project ? { 'openai-project': options.project } : {}),
  }
}

function modelNames(body: unknown): string[] {
  const { data } = body as { data?: { id?: unknown }[] }
  return (data ?? []).flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
}
