import type { Call, Usage } from './types/call.ts'
import { estimateInputTokens } from './usage.ts'

type Fields = Readonly<Record<string, unknown>>

/** Of text, in most languages; as streams are counted. */
const BYTES_PER_TOKEN = 4
const TEXTUAL = new Set(['openai.chat', 'openai.completions', 'openai.embeddings'])
const TEXTS = ['content', 'reasoning_content', 'reasoning', 'refusal', 'text'] as const

/**
 * What an answer is accounted with whose provider tells no usage: the text that was asked with and what was generated.
 * Undefined where it has nothing of that kind.
 * @param read gives the answer, parsed; not asked where nothing can be told from it
 */
export function estimateAnswer(call: Call, read: () => unknown): Usage | undefined {
  if (!TEXTUAL.has(call.wire)) return undefined
  const { choices, data } = record(read())
  if (call.wire === 'openai.embeddings') {
    return Array.isArray(data) ? { input: estimateInputTokens(call), output: 0, estimated: true } : undefined
  }
  if (!Array.isArray(choices)) return undefined
  const text = choices.map((choice) => textOf(record(choice))).join('')
  const output = Math.ceil(new TextEncoder().encode(text).length / BYTES_PER_TOKEN)
  return { input: estimateInputTokens(call), output, estimated: true }
}

function textOf(choice: Fields): string {
  const message = record(choice['message'] ?? choice)
  const calls = Array.isArray(message['tool_calls']) ? (message['tool_calls'] as unknown[]) : []
  const asked = [message['function_call'], ...calls.map((call) => record(call)['function'])].map(record)
  const texts = [...TEXTS.map((name) => message[name]), ...asked.flatMap((part) => [part['name'], part['arguments']])]
  return texts.filter((part) => typeof part === 'string').join('')
}

function record(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
