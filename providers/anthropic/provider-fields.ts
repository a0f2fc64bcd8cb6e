import { isObject, type Block, type Json } from './json.ts'

/** What an answer says that OpenAI's message has no field for. */
export interface ProviderFields {
  /** Blocks of tools that ran at Anthropic, and every other block that is neither text, thinking nor a client's call. */
  blocks: Block[]
  /** Citations of documents. */
  citations: Json[]
  /** The message, or the stream's `message_delta.delta`: `stop_sequence`, `stop_details`, `container`. */
  ending: Json
}

/**
 * The message's `provider_specific_fields`; undefined where there is nothing to say. `content_blocks` may be sent back
 * in the next request's assistant message and then reach Anthropic again.
 */
export function toProviderFields({ blocks, citations, ending }: ProviderFields): Json | undefined {
  const out: Json = {}
  if (blocks.length) out['content_blocks'] = blocks
  if (citations.length) out['citations'] = citations
  if (typeof ending['stop_sequence'] === 'string') out['stop_sequence'] = ending['stop_sequence']
  if (isObject(ending['stop_details'])) out['stop_details'] = ending['stop_details']
  if (isObject(ending['container'])) out['container'] = ending['container']
  return Object.keys(out).length ? out : undefined
}
