import type { FinishReason } from '../../src/index.ts'

/** What the candidate holds besides its finish reason. */
export interface FinishContext {
  /** It calls functions of the client. */
  calls: boolean
  /** The client used the deprecated `functions`. */
  legacy: boolean
}

/** Reasons of `Candidate.finishReason` that took the answer away. `MODEL_ARMOR` is Vertex AI's. */
const FILTERED = new Set(
  (
    'SAFETY,RECITATION,LANGUAGE,BLOCKLIST,PROHIBITED_CONTENT,SPII,IMAGE_SAFETY,IMAGE_PROHIBITED_CONTENT,' +
    'IMAGE_RECITATION,MODEL_ARMOR'
  ).split(','),
)

/**
 * Gemini's finish reason in OpenAI's words. It has none for calls; `MALFORMED_FUNCTION_CALL` and the like have no word of
 * their own in OpenAI's form, so {@link isTelling} keeps them beside the message.
 */
export function toFinishReason(reason: unknown, { calls, legacy }: FinishContext): FinishReason {
  if (reason === 'MAX_TOKENS') return 'length'
  if (typeof reason === 'string' && FILTERED.has(reason)) return 'content_filter'
  if (calls) return legacy ? 'function_call' : 'tool_calls'
  return 'stop'
}

/** True for reasons that say more than OpenAI's word for them. */
export function isTelling(reason: unknown): boolean {
  return typeof reason === 'string' && reason !== '' && reason !== 'STOP' && reason !== 'MAX_TOKENS'
}
