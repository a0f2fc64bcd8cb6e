import type { AnswerFixture } from '../suites/provider-fixtures.ts'

export const model = 'claude-sonnet-4-5'

// Answers, streams and errors of Anthropic's Messages API.
export function answer(content: unknown[], stop_reason: string) {
  // Anthropic counts what was read from the cache apart: the prompt is 9 and 5.
  const counts = { input_tokens: 9, cache_read_input_tokens: 5, output_tokens: 7 }
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason,
    stop_sequence: null,
    usage: counts,
  }
}

export function both(content: unknown[], stop_reason: string): Pick<AnswerFixture, 'answer'> {
  return { answer: answer(content, stop_reason) }
}

export function stream(events: readonly ({ type: string } & Record<string, unknown>)[], stop_reason: string): string {
  const message = {
    ...answer([], stop_reason),
    stop_reason: null,
    usage: { input_tokens: 9, cache_read_input_tokens: 5, output_tokens: 1 },
  }
  return [
    { type: 'message_start', message },
    ...events,
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 7 } },
    { type: 'message_stop' },
  ]
    .map(event)
    .join('')
}

export function event(data: { type: string } & Record<string, unknown>): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
}

export function open(index: number, content_block: unknown) {
  return { type: 'content_block_start', index, content_block }
}

export function piece(index: number, delta: unknown) {
  return { type: 'content_block_delta', index, delta }
}

export function close(index: number) {
  return { type: 'content_block_stop', index }
}

export function toolBlock(index: number, id: string, pieces: readonly string[]) {
  return [
    open(index, { type: 'tool_use', id, name: 'weather', input: {} }),
    ...pieces.map((partial_json) => piece(index, { type: 'input_json_delta', partial_json })),
    close(index),
  ]
}

export function error(type: string, message: string): string {
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' })
}
