import { isTelling } from './finish-reason.ts'
import { isObject, textOf, type Json, type Part } from './json.ts'

/** What a candidate is besides its text and calls. */
export interface CandidateFacts {
  /** Signatures of texts and thoughts, in order. */
  signatures: readonly string[]
  /** Parts that Google ran itself. */
  others: readonly Part[]
  /** The candidate; in streams its pieces laid over one another, without their content. */
  candidate: Json
}

/** Fields of a candidate that OpenAI's message has no place for, by the names they get there. */
const FIELDS: readonly (readonly [string, string])[] = [
  ['groundingMetadata', 'grounding_metadata'],
  ['urlContextMetadata', 'url_context_metadata'],
  ['citationMetadata', 'citation_metadata'],
]

/**
 * A message's `provider_specific_fields`; undefined where there is nothing to say. `thought_signatures` and `gemini_parts`
 * reach Gemini again when the message is sent back.
 */
export function toProviderFields({ signatures, others, candidate }: CandidateFacts): Json | undefined {
  const out: Json = {}
  if (signatures.length) out['thought_signatures'] = signatures
  if (others.length) out['gemini_parts'] = others
  for (const [from, to] of FIELDS) {
    const value = candidate[from]
    if (isObject(value) && Object.keys(value).length) out[to] = value
  }
  if (isTelling(candidate['finishReason'])) {
    out['finish_reason'] = candidate['finishReason']
    if (textOf(candidate['finishMessage'])) out['finish_message'] = candidate['finishMessage']
    if (Array.isArray(candidate['safetyRatings'])) out['safety_ratings'] = candidate['safetyRatings']
  }
  return Object.keys(out).length ? out : undefined
}

/** The reason why a prompt was blocked, as `provider_specific_fields`; undefined where it was not. */
export function toBlockedFields(feedback: unknown): Json | undefined {
  if (!isObject(feedback) || !textOf(feedback['blockReason'])) return undefined
  const out: Json = { block_reason: feedback['blockReason'] }
  if (textOf(feedback['blockReasonMessage'])) out['block_reason_message'] = feedback['blockReasonMessage']
  if (Array.isArray(feedback['safetyRatings'])) out['safety_ratings'] = feedback['safetyRatings']
  return out
}
