import { rewriteBody, type Call, type UpstreamRequest } from '../../src/index.ts'
import { isObject } from './json.ts'
import { toModelPath } from './model-path.ts'

/** Where a call in Gemini's own dialect goes. */
export interface GenerateOptions {
  /** Base URL with the version. */
  base: string
  /** The name that the upstream knows the model by. */
  model: string
  headers: Record<string, string>
}

/**
 * The same dialect on both sides (`/models/{model}:generateContent`, `:countTokens` …): the bytes pass, the model's name
 * is replaced, and a key in the query stays behind. Streams are asked for as server-sent events.
 */
export function passGenerate(call: Call, { base, model, headers }: GenerateOptions): UpstreamRequest {
  const asked = /:([A-Za-z]+)$/.exec(call.path)?.[1]
  const path = toModelPath(model)
  const query = new URLSearchParams(call.search)
  query.delete('key')
  if (call.method === 'GET') return { url: `${base}/${path}${toSearch(query)}`, method: 'GET', headers }
  const method = asked ?? (call.stream ? 'streamGenerateContent' : 'generateContent')
  if (method === 'streamGenerateContent') query.set('alt', 'sse')
  const set: Record<string, unknown> = {}
  if (call.body['model'] !== undefined) set['model'] = path
  // countTokens may hold a whole request, embedding calls a list of them; each names the model again.
  const inner = call.body['generateContentRequest']
  if (isObject(inner)) set['generateContentRequest'] = { ...inner, model: path }
  const { requests } = call.body
  if (Array.isArray(requests))
    set['requests'] = requests.map((each) => (isObject(each) ? { ...each, model: path } : each))
  const body = Object.keys(set).length ? rewriteBody(call, { set }) : call.raw
  return { url: `${base}/${path}:${method}${toSearch(query)}`, method: call.method, headers, body }
}

function toSearch(query: URLSearchParams): string {
  return query.size ? `?${query}` : ''
}
