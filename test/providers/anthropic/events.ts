import { createMessageDecoder } from '../../../providers/anthropic/stream.ts'
import { fakeCall, feed, recordingSink } from './fakes.ts'

export type Event = { type: string } & Record<string, unknown>

export const start = (usage: object = { input_tokens: 10, output_tokens: 1 }): Event => ({
  type: 'message_start',
  message: { id: 'msg_01', type: 'message', role: 'assistant', model: 'claude', content: [], stop_reason: null, usage },
})
export const open = (index: number, content_block: object): Event => ({
  type: 'content_block_start',
  index,
  content_block,
})
export const delta = (index: number, piece: object): Event => ({ type: 'content_block_delta', index, delta: piece })
export const text = (index: number, piece: string) => delta(index, { type: 'text_delta', text: piece })
export const json = (index: number, partial_json: string) => delta(index, { type: 'input_json_delta', partial_json })
export const close = (index: number): Event => ({ type: 'content_block_stop', index })
export const end = (stop_reason: string, usage: object = { output_tokens: 5 }, more: object = {}): Event[] => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null, ...more }, usage },
  { type: 'message_stop' },
]
export const tool = (id: string, name: string) => ({ type: 'tool_use', id, name, input: {} })

export const run = (events: Event[], body: Record<string, unknown> = {}) => {
  const sink = recordingSink()
  feed(createMessageDecoder(sink, fakeCall(body)), events)
  return sink
}
