import { invalidRequest, type Translation } from '../../src/index.ts'
import { encodeContent } from './encode-content.ts'
import { isObject, textOf, type Block, type Json } from './json.ts'

/** One turn of the Messages API. */
export interface Turn {
  role: 'user' | 'assistant'
  content: string | Block[]
}

/** A conversation in Anthropic's form. */
export interface Conversation {
  /** What system and developer messages say, wherever they stand. */
  system: Block[]
  messages: Turn[]
}

interface OpenTurn {
  role: 'user' | 'assistant'
  content: Block[]
}

/**
 * OpenAI's messages as Anthropic's: one system text, turns that alternate, tool results first in the user turn that
 * follows their calls ("Tool use", handling results).
 */
export function encodeMessages(messages: unknown, translation: Translation): Conversation {
  if (!Array.isArray(messages)) throw invalidRequest('The messages must be a list', 'messages')
  const system: Block[] = []
  const turns: OpenTurn[] = []
  let functionId = ''
  messages.forEach((message, i) => {
    const path = `messages[${i}]`
    if (!isObject(message)) throw invalidRequest('A message must be an object', path)
    const at = { path: `${path}.content`, translation }
    const role = message['role']
    if (role === 'tool' || role === 'function') {
      const id = role === 'tool' ? message['tool_call_id'] : functionId
      if (typeof id !== 'string' || !id)
        throw invalidRequest('The message answers no tool call', `${path}.tool_call_id`)
      addResult(turns, encodeResult(message, { id, ...at }))
      return
    }
    if (message['name']) translation.unsupported(`${path}.name`, 'Anthropic has no names of participants')
    if (role === 'system' || role === 'developer') {
      system.push(...systemBlocks(withCache(encodeContent(message['content'], at), message), at.path))
    } else if (role === 'user') {
      const blocks = withCache(encodeContent(message['content'], at), message)
      if (!blocks.length && isBlank(message['content'])) throw invalidRequest('The message is empty', at.path)
      add(turns, 'user', blocks)
    } else if (role === 'assistant') {
      if (isObject(message['function_call'])) functionId = `function_call_${i}`
      add(turns, 'assistant', encodeAssistant(message, { path, translation, functionId }))
    } else throw invalidRequest(`Unknown role: ${JSON.stringify(role) ?? 'none'}`, `${path}.role`)
  })
  trimPrefill(turns)
  if (!turns.length) throw invalidRequest('Anthropic needs at least one message besides system messages', 'messages')
  return { system, messages: turns.map(({ role, content }) => ({ role, content: simplify(content) })) }
}

/** The shortest way to say blocks: a string, where it is one plain text. */
export function simplify(blocks: Block[]): string | Block[] {
  const [first] = blocks
  const plain = blocks.length === 1 && first!.type === 'text' && Object.keys(first!).length === 2
  return plain ? textOf(first!['text']) : blocks
}

interface AssistantContext {
  path: string
  translation: Translation
  functionId: string
}

function encodeAssistant(message: Json, { path, translation, functionId }: AssistantContext): Block[] {
  const fields = message['provider_specific_fields']
  const blocks = thinkingBlocks(message['thinking_blocks'], isObject(fields) ? fields['thought_signatures'] : undefined)
  if (isObject(fields) && Array.isArray(fields['content_blocks']))
    blocks.push(...fields['content_blocks'].filter(isBlock))
  const text = encodeContent(message['content'], { path: `${path}.content`, translation })
  if (!text.length) text.push(...encodeContent(textOf(message['refusal']), { path, translation }))
  blocks.push(...text)
  if (message['audio']) translation.unsupported(`${path}.audio`, 'Anthropic takes no audio')
  if (Array.isArray(message['images']) && message['images'].length) {
    translation.unsupported(`${path}.images`, 'Anthropic takes images of users alone')
  }
  if (isObject(message['function_call'])) {
    blocks.push(encodeCall(functionId, message['function_call'], `${path}.function_call`))
  }
  const calls = message['tool_calls'] ?? []
  if (!Array.isArray(calls)) throw invalidRequest('The tool calls must be a list', `${path}.tool_calls`)
  calls.forEach((call, i) => {
    const at = `${path}.tool_calls[${i}]`
    if (!isObject(call) || !isObject(call['function'])) throw invalidRequest('A tool call needs a function', at)
    if (typeof call['id'] !== 'string' || !call['id']) throw invalidRequest('A tool call needs an id', `${at}.id`)
    const block = encodeCall(toolId(call['id']), call['function'], `${at}.function`)
    blocks.push(call['cache_control'] ? { ...block, cache_control: call['cache_control'] } : block)
  })
  return withCache(blocks, message)
}

function encodeCall(id: string, call: Json, path: string): Block {
  if (typeof call['name'] !== 'string' || !call['name']) throw invalidRequest('A call needs a name', `${path}.name`)
  const text = textOf(call['arguments'])
  let input: unknown
  try {
    input = text.trim() ? JSON.parse(text) : {}
  } catch {
    throw invalidRequest('The arguments are not valid JSON', `${path}.arguments`)
  }
  if (!isObject(input)) throw invalidRequest('The arguments must be a JSON object', `${path}.arguments`)
  return { type: 'tool_use', id, name: call['name'], input }
}

function encodeResult(message: Json, at: { id: string; path: string; translation: Translation }): Block {
  const block: Block = { type: 'tool_result', tool_use_id: toolId(at.id) }
  const content = encodeContent(message['content'], at)
  if (content.length) block['content'] = simplify(content)
  if (message['is_error'] === true) block['is_error'] = true
  if (message['cache_control']) block['cache_control'] = message['cache_control']
  return block
}

/**
 * Only signed thinking can be sent back; what another provider thought is no part of the conversation, and a foreign
 * signature is refused: Gemini's are those that its answer lists (`thought_signatures`).
 */
function thinkingBlocks(value: unknown, foreign: unknown): Block[] {
  if (!Array.isArray(value)) return []
  const others = new Set<unknown>(Array.isArray(foreign) ? foreign : [])
  return value.filter(isBlock).filter(({ type, signature }) => {
    return type !== 'thinking' || (textOf(signature) !== '' && !others.has(signature))
  })
}

function systemBlocks(blocks: Block[], path: string): Block[] {
  const odd = blocks.findIndex((block) => block.type !== 'text')
  if (odd >= 0) throw invalidRequest('A system message can hold only text', `${path}[${odd}]`)
  return blocks
}

/** A message's own `cache_control` marks its last block. */
function withCache(blocks: Block[], message: Json): Block[] {
  const last = blocks.at(-1)
  if (last && message['cache_control']) blocks[blocks.length - 1] = { ...last, cache_control: message['cache_control'] }
  return blocks
}

function add(turns: OpenTurn[], role: OpenTurn['role'], blocks: Block[]): void {
  if (!blocks.length) return
  const last = turns.at(-1)
  if (last?.role === role) last.content.push(...blocks)
  else turns.push({ role, content: blocks })
}

function addResult(turns: OpenTurn[], result: Block): void {
  const last = turns.at(-1)
  if (last?.role !== 'user') return add(turns, 'user', [result])
  const at = last.content.findIndex((block) => block.type !== 'tool_result')
  last.content.splice(at < 0 ? last.content.length : at, 0, result)
}

/** "final assistant content cannot end with trailing whitespace" */
function trimPrefill(turns: OpenTurn[]): void {
  const last = turns.at(-1)
  const block = last?.role === 'assistant' ? last.content.at(-1) : undefined
  if (block?.type === 'text')
    last!.content[last!.content.length - 1] = { ...block, text: textOf(block['text']).trimEnd() }
}

/** Ids made by other providers may hold characters that Anthropic refuses. Calls and results change alike. */
function toolId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, '_')
}

function isBlock(value: unknown): value is Block {
  return isObject(value) && typeof value['type'] === 'string'
}

function isBlank(content: unknown): boolean {
  return !Array.isArray(content) || content.every((part) => part?.type === 'text')
}
