import { callOrder, invalidRequest } from '../../src/index.ts'
import type { EncodeContext } from './dialect.ts'
import { encodeAssistant } from './encode-assistant.ts'
import { encodeParts } from './encode-parts.ts'
import { encodeToolResult } from './encode-tool-result.ts'
import { isObject, textOf, type Json, type Part } from './json.ts'

/** One turn (`Content`). */
export interface Content {
  role: 'user' | 'model'
  parts: Part[]
}

/** A conversation in Gemini's form. */
export interface Conversation {
  /** What system and developer messages say, wherever they stand. */
  system: Part[]
  contents: Content[]
}

/** Stands for the signature of a call that no Gemini model made ("Thought signatures", FAQ). */
const NO_SIGNATURE = 'skip_thought_signature_validator'

/**
 * OpenAI's messages as Gemini's: one system instruction, turns of user and model that alternate. Results of tools are
 * the user's; their names are found by the ids of the calls before them. They stand in the order of the calls, which is
 * all that tells two results of one function apart where there are no ids.
 * @throws {GatewayError} 400 where a message has a wrong form, answers no call, or nothing is left to send
 */
export function encodeContents(messages: unknown, context: EncodeContext): Conversation {
  if (!Array.isArray(messages)) throw invalidRequest('`messages` must be a list', 'messages')
  const system: Part[] = []
  const contents: Content[] = []
  const names = new Map<string, string>()
  const order = callOrder(messages)
  messages.forEach((_: unknown, n) => {
    const i = order?.[n] ?? n
    const message: unknown = messages[i]
    const path = `messages[${i}]`
    if (!isObject(message)) throw invalidRequest(`\`${path}\` must be an object`, path)
    const at = { ...context, path }
    const content = { ...context, path: `${path}.content` }
    const role = message['role']
    if (role === 'tool' || role === 'function') return add(contents, 'user', encodeResult(message, { ...at, names }))
    if (message['name']) context.translation.unsupported(`${path}.name`, 'Gemini has no names of participants')
    if (role === 'system' || role === 'developer') system.push(...encodeSystem(message['content'], content))
    else if (role === 'user') add(contents, 'user', encodeParts(message['content'], content))
    else if (role === 'assistant') add(contents, 'model', encodeAssistant(message, { ...at, names }))
    else throw invalidRequest(`\`${path}.role\` is unknown`, `${path}.role`)
  })
  if (context.features.modern) markUnsigned(contents)
  if (contents.length) return { system, contents }
  // A system message alone is a prompt to OpenAI; Gemini wants it in a turn.
  if (system.length) return { system: [], contents: [{ role: 'user', parts: system }] }
  throw invalidRequest('`messages` hold nothing to send', 'messages')
}

function encodeSystem(content: unknown, at: EncodeContext & { path: string }): Part[] {
  const parts = encodeParts(content, at)
  if (parts.some((part) => part['text'] === undefined)) {
    throw invalidRequest('A system message can hold only text', at.path)
  }
  return parts
}

function encodeResult(message: Json, at: EncodeContext & { path: string; names: Map<string, string> }): Part[] {
  const id = textOf(message['tool_call_id'])
  const name = at.names.get(id) ?? textOf(message['name'])
  if (!name) {
    const path = message['role'] === 'tool' ? `${at.path}.tool_call_id` : `${at.path}.name`
    throw invalidRequest(`\`${path}\` names no tool call before it`, path)
  }
  const known = id && at.features.modern && at.dialect.callIds ? id : undefined
  const failed = message['is_error'] === true
  return encodeToolResult(message['content'], { ...at, path: `${at.path}.content`, name, id: known, failed })
}

function add(contents: Content[], role: Content['role'], parts: Part[]): void {
  if (!parts.length) return
  const last = contents.at(-1)
  if (last?.role === role) last.parts.push(...parts)
  else contents.push({ role, parts })
}

/**
 * Since Gemini 3, the first call of every step of the current turn must be signed. Conversations that came from another
 * model, or lost their signatures on the way, are told apart by a value that stands for none. The turn begins with the
 * last message of the user that is not only results.
 */
function markUnsigned(contents: Content[]): void {
  const turn = contents.findLastIndex(({ role, parts }) => role === 'user' && parts.some((part) => !isResult(part)))
  for (const { role, parts } of contents.slice(turn + 1)) {
    const at = role === 'model' ? parts.findIndex((part) => part['functionCall'] !== undefined) : -1
    if (at >= 0 && !parts[at]!['thoughtSignature']) parts[at] = { ...parts[at], thoughtSignature: NO_SIGNATURE }
  }
}

function isResult(part: Part): boolean {
  return part['functionResponse'] !== undefined
}
