import { callOrder, invalidRequest } from '../../src/index.ts'
import type { Translation } from '../../src/index.ts'
import { toImage, toOllamaContent } from './content.ts'
import { isRecord } from './fields.ts'
import type { Fields } from './fields.ts'

/** A message as `/api/chat` takes it. */
export interface OllamaMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string
  images?: string[]
  thinking?: string
  tool_calls?: OllamaToolCall[]
  tool_name?: string
  tool_call_id?: string
}

/** A tool call; arguments are an object, not text as in OpenAI's API. */
export interface OllamaToolCall {
  id?: string
  function: { name: string; arguments: Record<string, unknown> }
}

const ROLES = new Map<unknown, OllamaMessage['role']>([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
])

/**
 * OpenAI's messages as Ollama's. Throws a 400 that names what is wrong. Most templates know no ids of calls: their results
 * stand in the order of the calls.
 */
export function toOllamaMessages(messages: unknown, translation: Translation): OllamaMessage[] {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw invalidRequest('`messages` must be a list with at least one message', 'messages')
  }
  // Ollama's templates want the tool's name beside its result; OpenAI's results name only the call they answer.
  const toolNames = new Map<string, string>()
  const order = callOrder(messages) ?? messages.keys()
  return Array.from(order, (i) => toOllamaMessage(messages[i], { path: `messages[${i}]`, toolNames, translation }))
}

interface Place {
  path: string
  toolNames: Map<string, string>
  translation: Translation
}

function toOllamaMessage(message: unknown, place: Place): OllamaMessage {
  const { path, translation } = place
  if (!isRecord(message)) throw invalidRequest(`\`${path}\` must be an object`, path)
  const role = ROLES.get(message['role'])
  if (!role) {
    throw invalidRequest(`\`${path}.role\` must be system, developer, user, assistant or tool`, `${path}.role`)
  }
  if (role === 'assistant') return toAssistantMessage(message, place)
  const { text, images } = toOllamaContent(message['content'], `${path}.content`, translation)
  const result: OllamaMessage = { role, content: text }
  if (images.length > 0) result.images = images
  if (role === 'tool') {
    addToolReference(result, message, place.toolNames)
    if (message['is_error'] === true) translation.unsupported(`${path}.is_error`, 'say it in the content')
  } else refuseName(message, place)
  return result
}

function toAssistantMessage(message: Fields, place: Place): OllamaMessage {
  const { path, translation } = place
  const content = message['content'] ?? message['refusal'] ?? ''
  const { text, images } = toOllamaContent(content, `${path}.content`, translation)
  const result: OllamaMessage = { role: 'assistant', content: text }
  images.push(...toOwnImages(message['images'], path, translation))
  if (images.length > 0) result.images = images
  const thinking = toThinking(message)
  if (thinking !== '') result.thinking = thinking
  for (const name of ['audio', 'function_call']) {
    if (message[name] !== undefined && message[name] !== null) translation.unsupported(`${path}.${name}`)
  }
  refuseName(message, place)
  const calls = message['tool_calls'] ?? []
  if (!Array.isArray(calls)) throw invalidRequest(`\`${path}.tool_calls\` must be a list`, `${path}.tool_calls`)
  if (calls.length > 0) {
    result.tool_calls = calls.map((call: unknown, i) => toOllamaToolCall(call, `${path}.tool_calls[${i}]`))
    for (const { id, function: called } of result.tool_calls) if (id !== undefined) place.toolNames.set(id, called.name)
  }
  return result
}

/** Images that a model made (`images` of the gateway's own answers). */
function toOwnImages(made: unknown, path: string, translation: Translation): string[] {
  return (Array.isArray(made) ? made : []).flatMap((image: unknown, i) => {
    const given = isRecord(image) ? image['image_url'] : undefined
    return toImage(given, `${path}.images[${i}].image_url`, translation) ?? []
  })
}

/** The text of earlier reasoning. Signatures and redacted blocks mean something only to the provider that made them. */
function toThinking(message: Fields): string {
  const { reasoning_content: reasoning, thinking_blocks: blocks } = message
  if (typeof reasoning === 'string') return reasoning
  if (!Array.isArray(blocks)) return ''
  return blocks
    .flatMap((block: unknown) => (isRecord(block) && typeof block['thinking'] === 'string' ? block['thinking'] : []))
    .join('')
}

function toOllamaToolCall(call: unknown, path: string): OllamaToolCall {
  const called = isRecord(call) ? call['function'] : undefined
  if (!isRecord(call) || !isRecord(called) || typeof called['name'] !== 'string') {
    throw invalidRequest(`\`${path}.function.name\` must be a string`, `${path}.function.name`)
  }
  const id = typeof call['id'] === 'string' && call['id'] !== '' ? { id: call['id'] } : {}
  return { ...id, function: { name: called['name'], arguments: toArguments(called['arguments'], path) } }
}

function toArguments(text: unknown, path: string): Record<string, unknown> {
  const at = `${path}.function.arguments`
  const parsed = text === undefined || text === null || text === '' ? {} : parse(text)
  if (!isRecord(parsed)) throw invalidRequest(`\`${at}\` must be the text of a JSON object`, at)
  return parsed
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function addToolReference(result: OllamaMessage, message: Fields, toolNames: ReadonlyMap<string, string>): void {
  const { tool_call_id: id, name } = message
  const toolName = typeof name === 'string' ? name : typeof id === 'string' ? toolNames.get(id) : undefined
  if (toolName !== undefined) result.tool_name = toolName
  if (typeof id === 'string') result.tool_call_id = id
}

function refuseName(message: Fields, place: Place): void {
  if (message['name'] !== undefined && message['name'] !== null) place.translation.unsupported(`${place.path}.name`)
}
