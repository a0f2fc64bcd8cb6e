import type { ChatToolCall } from '../../src/index.ts'
import { newId } from './answer.ts'
import { isRecord } from './fields.ts'

/** Ollama's tool calls as OpenAI's: arguments become text. Older servers give the calls no id. */
export function toChatToolCalls(calls: unknown): ChatToolCall[] {
  if (!Array.isArray(calls)) return []
  return calls.flatMap((call: unknown) => {
    const called = isRecord(call) ? call['function'] : undefined
    if (!isRecord(call) || !isRecord(called) || typeof called['name'] !== 'string') return []
    const id = typeof call['id'] === 'string' && call['id'] !== '' ? call['id'] : newId('call_')
    return { id, type: 'function' as const, function: { name: called['name'], arguments: toText(called['arguments']) } }
  })
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? '{}' : JSON.stringify(value)
}
