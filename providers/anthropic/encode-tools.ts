import { invalidRequest, type Translation } from '../../src/index.ts'
import { closeSchema } from './close-schema.ts'
import { isObject, type Json } from './json.ts'
import type { ModelFeatures } from './model-features.ts'
import type { Thinking } from './encode-thinking.ts'

/** What decides about tools besides the request. */
export interface ToolContext {
  features: ModelFeatures
  mode: Thinking['mode']
  translation: Translation
}

/** The fields `tools` and `tool_choice` of the Messages API. */
export interface EncodedTools {
  tools: Json[]
  choice: Json | undefined
}

/**
 * OpenAI's `tools`, `tool_choice`, `parallel_tool_calls`, `web_search_options` and the deprecated `functions` and
 * `function_call` in Anthropic's form. Tools of other types than `function` are Anthropic's own and pass as they are.
 */
export function encodeTools(body: Readonly<Json>, context: ToolContext): EncodedTools {
  const legacy = isLegacy(body)
  const given = legacy
    ? listOf(body, 'functions').map((each) => ({ type: 'function', function: each }))
    : listOf(body, 'tools')
  let tools: Json[] = []
  given.forEach((tool, i) => {
    const encoded = encodeTool(tool, { ...context, path: legacy ? `functions[${i}]` : `tools[${i}]` })
    if (encoded) tools.push(encoded)
  })
  const asked = readChoice(body, context.translation)
  if (asked.only) tools = tools.filter(({ name }) => typeof name === 'string' && asked.only!.has(name))
  let choice = asked.choice
  const forced = choice?.['type'] === 'any' || choice?.['type'] === 'tool'
  if (!tools.length) {
    if (forced) throw invalidRequest('The tool choice needs tools', 'tool_choice')
    choice = undefined
  } else if (forced && !canForce(context)) {
    const reason = context.mode === 'budget' ? 'thinking with a budget and forced tools exclude each other' : undefined
    context.translation.unsupported('tool_choice', reason ?? 'this model cannot be made to call a tool')
    choice = undefined
  }
  if (tools.length && (legacy || body['parallel_tool_calls'] === false) && choice?.['type'] !== 'none') {
    choice = { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true }
  }
  if (isObject(body['web_search_options'])) tools.push(encodeWebSearch(body['web_search_options'], context.translation))
  return { tools, choice }
}

/** Budgeted thinking takes `auto` and `none` alone ("Thinking with tool use"), the newest models always. */
export function canForce({ features, mode }: Pick<ToolContext, 'features' | 'mode'>): boolean {
  return features.forcedTools && mode !== 'budget'
}

/** True where the client uses the deprecated `functions`: it must be answered with `function_call`. */
export function isLegacy(body: Readonly<Json>): boolean {
  return Array.isArray(body['functions']) && body['functions'].length > 0 && !body['tools']
}

function listOf(body: Readonly<Json>, key: string): unknown[] {
  const list = body[key] ?? []
  if (!Array.isArray(list)) throw invalidRequest(`${key} must be a list`, key)
  return list
}

function encodeTool(tool: unknown, { features, translation, path }: ToolContext & { path: string }): Json | undefined {
  if (!isObject(tool)) throw invalidRequest('A tool must be an object', path)
  if (isObject(tool['custom'])) {
    translation.unsupported(path, 'Anthropic has no tools with free-form input')
    return undefined
  }
  const { type, function: fn, ...rest } = tool
  if (type !== 'function' && fn === undefined) return tool
  if (!isObject(fn)) throw invalidRequest('A function tool needs a function', `${path}.function`)
  if (typeof fn['name'] !== 'string' || !fn['name'])
    throw invalidRequest('A function needs a name', `${path}.function.name`)
  const out: Json = { name: fn['name'] }
  if (typeof fn['description'] === 'string') out['description'] = fn['description']
  const schema = objectSchema(fn['parameters'])
  out['input_schema'] = schema
  if (fn['strict'] === true) {
    if (features.structured === false) {
      translation.unsupported(`${path}.function.strict`, 'this model has no strict tools')
    } else {
      out['strict'] = true
      if (features.structured) out['input_schema'] = closeSchema(schema) ?? schema
    }
  }
  if (fn['cache_control']) out['cache_control'] = fn['cache_control']
  return { ...out, ...rest }
}

/** A schema of a tool's input: Anthropic demands `type: 'object'`. */
export function objectSchema(parameters: unknown): Json {
  if (!isObject(parameters)) return { type: 'object', properties: {} }
  return parameters['type'] === undefined ? { type: 'object', ...parameters } : parameters
}

interface AskedChoice {
  choice: Json | undefined
  /** The tools that `allowed_tools` leaves. */
  only?: Set<string>
}

function readChoice(body: Readonly<Json>, translation: Translation): AskedChoice {
  const key = body['tool_choice'] != null ? 'tool_choice' : 'function_call'
  const value = body[key] ?? undefined
  if (value === undefined) return { choice: undefined }
  if (value === 'auto' || value === 'none') return { choice: { type: value } }
  if (value === 'required' || value === 'any') return { choice: { type: 'any' } }
  if (!isObject(value)) throw invalidRequest(`Unknown tool choice: ${JSON.stringify(value)}`, key)
  const named = isObject(value['function']) ? value['function'] : key === 'function_call' ? value : undefined
  if (typeof named?.['name'] === 'string') return { choice: { type: 'tool', name: named['name'] } }
  const type = value['type']
  if (type === 'auto' || type === 'any' || type === 'tool' || type === 'none') return { choice: value }
  const allowed = value['allowed_tools']
  if (type === 'allowed_tools' && isObject(allowed) && Array.isArray(allowed['tools'])) {
    const names = allowed['tools'].map((tool, i): string => {
      const name: unknown = tool?.function?.name ?? tool?.name
      if (typeof name === 'string') return name
      throw invalidRequest('An allowed tool needs a name', `${key}.allowed_tools.tools[${i}]`)
    })
    return { choice: { type: allowed['mode'] === 'required' ? 'any' : 'auto' }, only: new Set(names) }
  }
  translation.unsupported(key, 'Anthropic can be told auto, none, any tool or one function')
  return { choice: undefined }
}

/** Which sites may be searched: named alike in OpenAI's `filters` (web search tool) and in Anthropic's tool. */
const DOMAINS = new Set(['allowed_domains', 'blocked_domains'])

/** Searches per answer for OpenAI's `search_context_size`, which Anthropic cannot be told. */
const SEARCHES = new Map<unknown, number>([
  ['low', 1],
  ['high', 10],
])

/** What {@link encodeWebSearch} reads, by the places of its fields. */
const SEARCH_FIELDS = new Set(['search_context_size', 'user_location', 'filters'])

/** Anthropic's web search tool; its first version runs on every model that searches. */
function encodeWebSearch(options: Json, translation: Translation): Json {
  const tool: Json = { type: 'web_search_20250305', name: 'web_search' }
  const refuseOthers = (value: Json, known: ReadonlySet<string>, path: string) => {
    for (const key of Object.keys(value)) {
      if (value[key] != null && !known.has(key)) translation.unsupported(`${path}.${key}`)
    }
  }
  refuseOthers(options, SEARCH_FIELDS, 'web_search_options')
  const { filters } = options
  if (isObject(filters)) {
    refuseOthers(filters, DOMAINS, 'web_search_options.filters')
    for (const key of DOMAINS) if (filters[key] != null) tool[key] = filters[key]
  }
  const uses = SEARCHES.get(options['search_context_size'])
  if (uses) tool['max_uses'] = uses
  const location = options['user_location']
  const place = isObject(location) ? (location['approximate'] ?? location) : undefined
  if (isObject(place)) {
    const out: Json = { type: 'approximate' }
    for (const key of ['city', 'region', 'country', 'timezone']) if (place[key] != null) out[key] = place[key]
    tool['user_location'] = out
  }
  return tool
}
