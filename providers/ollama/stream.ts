import type { ChatSink, StreamDecoder } from '../../src/index.ts'
import { toChatUsage, toFinishReason } from './answer.ts'
import { toErrorShape } from './error.ts'
import { isRecord } from './fields.ts'
import type { Fields } from './fields.ts'
import { toChatToolCalls } from './tool-calls.ts'

/** Reads the lines of a streamed `/api/chat` answer. Tool calls come whole, never in pieces. */
export function decodeChatStream(sink: ChatSink): StreamDecoder {
  let calls = 0
  return decodeLines(sink, (line) => {
    const message = isRecord(line['message']) ? line['message'] : {}
    const { thinking, content } = message
    if (typeof thinking === 'string' && thinking !== '') sink.reasoning(thinking)
    if (typeof content === 'string' && content !== '') sink.text(content)
    const made = toChatToolCalls(message['tool_calls'])
    if (made.length > 0) sink.delta({ tool_calls: made.map((call) => ({ index: calls++, ...call })) })
    return calls > 0
  })
}

/** Reads the lines of a streamed `/api/generate` answer. The text completions API has no place for `thinking`. */
export function decodeCompletionStream(sink: ChatSink): StreamDecoder {
  return decodeLines(sink, (line) => {
    const { response } = line
    if (typeof response === 'string' && response !== '') sink.text(response)
    return false
  })
}

/**
 * What both have in common: a line with `error` ends the stream (docs, "Errors that occur while streaming"), the one
 * with `done` closes it. A stream that ends before that was cut.
 * @param read takes a line's deltas; tells whether tools were called so far
 */
function decodeLines(sink: ChatSink, read: (line: Fields) => boolean): StreamDecoder {
  let over = false
  const fail = (message: string, status = 502) => {
    over = true
    sink.fail({ ...toErrorShape(status, message), status })
  }
  return {
    event({ data }) {
      if (over) return
      const line = parse(data)
      if (!line) return fail('the stream holds a line that is not a JSON object')
      if (line['error'] !== undefined) {
        return fail(typeof line['error'] === 'string' ? line['error'] : JSON.stringify(line['error']), 500)
      }
      const calledTools = read(line)
      if (line['done'] !== true) return
      over = true
      const usage = toChatUsage(line)
      if (usage) sink.usage(usage)
      sink.finish(toFinishReason(line['done_reason'], calledTools))
    },
    end() {
      if (!over) fail('the stream ended before it was done')
    },
  }
}

function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
