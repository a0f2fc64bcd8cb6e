import type { ChatCompletion, ChatSink } from '../types/chat.ts'

/** Writes a whole chat answer into a sink, for clients that asked for a stream. */
export function writeCompletion(completion: ChatCompletion, sink: ChatSink): void {
  for (const { index, message, finish_reason } of completion.choices) {
    const { role: _role, content, reasoning_content, tool_calls, ...rest } = message
    if (reasoning_content) sink.reasoning(reasoning_content, index)
    if (content) sink.text(content, index)
    if (tool_calls?.length) sink.delta({ tool_calls: tool_calls.map((call, i) => ({ index: i, ...call })) }, index)
    const others = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined && value !== null))
    if (Object.keys(others).length > 0) sink.delta(others, index)
    sink.finish(finish_reason, index)
  }
  if (completion.usage) sink.usage(completion.usage)
}
