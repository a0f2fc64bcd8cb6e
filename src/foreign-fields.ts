import { toThinkingParts } from './wires/thinking-parts.ts'

/** What an API does not take in messages. */
export interface MessageEdits {
  /** The role `developer` becomes `system`. */
  readonly developer: boolean
  /** Fields of assistant messages that go. */
  readonly foreign: readonly string[]
  /** What assistants thought becomes parts of their content. */
  readonly thinking?: boolean
}

/** OpenAI's own fields, which its answers have as null. */
const OFTEN_NULL = ['refusal', 'audio', 'function_call', 'images']

type Message = Readonly<Record<string, unknown>>

/**
 * Messages as an API takes them that refuses what other providers' answers left in the conversation; undefined where
 * nothing is to be changed, which is nearly always. Where `foreign` names fields, null fields of OpenAI's own go as well.
 */
export function editMessages(messages: unknown, edits: MessageEdits): unknown[] | undefined {
  if (!Array.isArray(messages)) return undefined
  let out: unknown[] | undefined
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i] as Message | null
    let edited: Message | undefined
    if (edits.developer && message?.['role'] === 'developer') edited = { ...message, role: 'system' }
    else if (message?.['role'] === 'assistant' && edits.foreign.length > 0)
      edited = withoutForeign(edits.thinking ? withThinking(message) : message, edits.foreign)
    if (edited) (out ??= [...messages])[i] = edited
  }
  return out
}

function withThinking(message: Message): Message {
  const content = toThinkingParts(message)
  return content ? { ...message, content } : message
}

function withoutForeign(message: Message, foreign: readonly string[]): Message | undefined {
  const gone = [
    ...foreign.filter((name) => message[name] !== undefined),
    ...OFTEN_NULL.filter((name) => message[name] === null),
  ]
  const calls = callsWithout(message['tool_calls'], foreign)
  if (gone.length === 0 && !calls) return undefined
  const out: Record<string, unknown> = calls ? { ...message, tool_calls: calls } : { ...message }
  for (const name of gone) delete out[name]
  return out
}

/** Calls that a provider signed keep the signature beside them. */
function callsWithout(calls: unknown, foreign: readonly string[]): unknown[] | undefined {
  if (!Array.isArray(calls)) return undefined
  const signed = (call: Message | null) => foreign.some((name) => call?.[name] !== undefined)
  if (!calls.some(signed)) return undefined
  return calls.map((call: Message | null) => {
    if (!signed(call)) return call
    const out: Record<string, unknown> = { ...call }
    for (const name of foreign) delete out[name]
    return out
  })
}
