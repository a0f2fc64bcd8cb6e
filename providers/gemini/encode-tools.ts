import { invalidRequest, type Translation } from '../../src/index.ts'
import type { EncodeContext, PlacedContext } from './dialect.ts'
import { encodeOpenAPISchema } from './encode-openapi-schema.ts'
import { encodeSchema, isEmptySchema } from './encode-schema.ts'
import { camelCase, isObject, listOf, textOf, type Json } from './json.ts'

/** The fields `tools` and `toolConfig` of a request. */
export interface EncodedTools {
  tools?: Json[]
  toolConfig?: Json
}

/** Google's own tools (`Tool`), which it runs itself, and `functionDeclarations` in Gemini's form. */
const GOOGLE_TOOLS = new Set(
  (
    'googleSearch,googleSearchRetrieval,codeExecution,urlContext,googleMaps,computerUse,fileSearch,retrieval,' +
    'enterpriseWebSearch,mcpServers,functionDeclarations'
  ).split(','),
)

/**
 * OpenAI's `tools`, `tool_choice`, `web_search_options` and the deprecated `functions` and `function_call` in Gemini's
 * form. Google's own tools pass, as `{ googleSearch: {} }`, `{ google_search: {} }` or `{ type: 'google_search' }`.
 */
export function encodeTools(body: Readonly<Json>, context: EncodeContext): EncodedTools {
  const own: Json[] = []
  const declarations: Json[] = []
  let strict = false
  for (const [fn, path] of functionsOf(body, own, context)) {
    declarations.push(encodeFunction(fn, { ...context, path }))
    strict ||= fn['strict'] === true
  }
  if (isObject(body['web_search_options']))
    own.push(encodeWebSearch(body['web_search_options'], 'web_search_options', context.translation))
  if (body['parallel_tool_calls'] === false) {
    context.translation.unsupported('parallel_tool_calls', 'Gemini decides how many functions it calls')
  }
  const callable = declarations.length > 0 || own.some((tool) => tool['functionDeclarations'] !== undefined)
  const config: Json = {}
  const choice = encodeChoice(body, { ...context, callable, strict })
  if (choice) config['functionCallingConfig'] = choice
  // Without it, Gemini 3 refuses functions beside Google's own tools.
  if (callable && context.features.modern && own.some((tool) => tool['functionDeclarations'] === undefined)) {
    config['includeServerSideToolInvocations'] = true
  }
  const given = body['toolConfig'] ?? body['tool_config']
  if (isObject(given)) for (const [key, value] of Object.entries(given)) config[camelCase(key)] = value
  return {
    ...(declarations.length || own.length
      ? { tools: declarations.length ? [{ functionDeclarations: declarations }, ...own] : own }
      : {}),
    ...(Object.keys(config).length ? { toolConfig: config } : {}),
  }
}

/** True where the client uses the deprecated `functions`: it must be answered with `function_call`. */
export function isLegacy(body: Readonly<Json>): boolean {
  return Array.isArray(body['functions']) && body['functions'].length > 0 && !body['tools']
}

/** The functions with their places; Google's own tools are put into `own`. */
function functionsOf(body: Readonly<Json>, own: Json[], { translation }: EncodeContext): [Json, string][] {
  const key = isLegacy(body) ? 'functions' : 'tools'
  const list = body[key] ?? []
  if (!Array.isArray(list)) throw invalidRequest(`\`${key}\` must be a list`, key)
  return list.flatMap((tool: unknown, i): [Json, string][] => {
    const path = `${key}[${i}]`
    if (!isObject(tool)) throw invalidRequest(`\`${path}\` must be an object`, path)
    if (key === 'functions') return [[tool, path]]
    if (isObject(tool['function'])) return [[tool['function'], `${path}.function`]]
    if (tool['type'] === 'function') throw invalidRequest(`\`${path}.function\` must be an object`, `${path}.function`)
    const google = readGoogleTool(tool, path, translation)
    if (google) own.push(google)
    else translation.unsupported(path, 'it is neither a function nor a tool of Google')
    return []
  })
}

function readGoogleTool(tool: Json, path: string, translation: Translation): Json | undefined {
  const entries = Object.entries(tool)
    .map(([key, value]): [string, unknown] => [camelCase(key), value])
    .filter(([key]) => GOOGLE_TOOLS.has(key))
  if (entries.length) return Object.fromEntries(entries)
  const type = camelCase(textOf(tool['type']))
  if (type.startsWith('webSearch')) {
    const { type: _type, name: _name, ...given } = tool
    return encodeWebSearch(given, path, translation)
  }
  return GOOGLE_TOOLS.has(type) ? { [type]: {} } : undefined
}

function encodeFunction(fn: Json, { dialect, features, path }: PlacedContext): Json {
  const name = textOf(fn['name'])
  if (!name) throw invalidRequest(`\`${path}.name\` must be a string`, `${path}.name`)
  const out: Json = { name }
  if (textOf(fn['description'])) out['description'] = fn['description']
  const parameters = fn['parameters']
  if (parameters !== undefined && parameters !== null && !isObject(parameters)) {
    throw invalidRequest(`\`${path}.parameters\` must be an object`, `${path}.parameters`)
  }
  if (isEmptySchema(parameters)) return out
  if (dialect.jsonSchema && features.jsonSchema) return { ...out, parametersJsonSchema: encodeSchema(parameters) }
  return { ...out, parameters: encodeOpenAPISchema(parameters) }
}

interface ChoiceContext extends EncodeContext {
  /** There are functions to choose from. */
  callable: boolean
  /** A function's arguments must keep to its schema. */
  strict: boolean
}

/** OpenAI's tool choice as `functionCallingConfig`. */
function encodeChoice(body: Readonly<Json>, { translation, callable, strict }: ChoiceContext): Json | undefined {
  const key = body['tool_choice'] != null ? 'tool_choice' : 'function_call'
  const value = body[key] ?? undefined
  // VALIDATED is AUTO with arguments that are bound to the schema, as OpenAI's `strict` asks for.
  const auto = strict ? 'VALIDATED' : 'AUTO'
  if (value === undefined || value === 'auto') {
    return callable && (strict || value) ? { mode: auto } : undefined
  }
  if (value === 'none') return callable ? { mode: 'NONE' } : undefined
  const forced = readForced(value)
  if (!forced) {
    translation.unsupported(key, 'Gemini can be told auto, none, required, one function or a list of them')
    return undefined
  }
  if (!callable) throw invalidRequest(`\`${key}\` needs functions to choose from`, key)
  return forced
}

function readForced(value: unknown): Json | undefined {
  if (value === 'required' || value === 'any') return { mode: 'ANY' }
  if (!isObject(value)) return undefined
  const name = nameOf(value)
  if (name) return { mode: 'ANY', allowedFunctionNames: [name] }
  const allowed = value['allowed_tools']
  if (!isObject(allowed)) return undefined
  const names = listOf(allowed['tools']).flatMap((tool) => (isObject(tool) ? nameOf(tool) || [] : []))
  // A list of names has no effect with AUTO (`FunctionCallingConfig.allowedFunctionNames`).
  return names.length
    ? { mode: allowed['mode'] === 'required' ? 'ANY' : 'VALIDATED', allowedFunctionNames: names }
    : undefined
}

function nameOf(tool: Json): string {
  return textOf(isObject(tool['function']) ? tool['function']['name'] : tool['name'])
}

/** The options of a search, or of the search tool of OpenAI or Anthropic: Google's knows none of them. */
function encodeWebSearch(options: Json, path: string, translation: Translation): Json {
  for (const [key, value] of Object.entries(options)) {
    if (value === null || value === undefined || (key === 'search_context_size' && value === 'medium')) continue
    translation.unsupported(`${path}.${key}`, "Google's search has no such option")
  }
  return { googleSearch: {} }
}
