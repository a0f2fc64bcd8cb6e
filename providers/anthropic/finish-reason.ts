import type { FinishReason } from '../../src/index.ts'

/** What the message holds besides its stop reason. */
export interface FinishContext {
  /** The message calls tools of the client. */
  calls: boolean
  /** The client used the deprecated `functions`. */
  legacy: boolean
}

/**
 * Maps Anthropic's `stop_reason`. A message that only called the gateway's own JSON tool ended as text; `pause_turn`
 * (a long server tool run, to be continued by sending the answer back) has no word of its own in OpenAI's form.
 */
export function toFinishReason(stopReason: unknown, { calls, legacy }: FinishContext): FinishReason {
  if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded') return 'length'
  if (stopReason === 'refusal') return 'content_filter'
  if (calls) return legacy ? 'function_call' : 'tool_calls'
  return 'stop'
}
