import type { HeaderReader } from './types/call.ts'

/**
 * The key a caller presents: a header of the operator's own, OpenAI's, then Anthropic's, Azure's, Google's, LiteLLM's and
 * that of Azure API Management.
 * @param own the operator's header, lower case (LiteLLM's `litellm_key_header_name`)
 */
export function presentedKey(headers: HeaderReader, own?: string): string | undefined {
  const first = own === undefined ? null : headers.get(own)
  if (first !== null) return first.replace(/^bearer\s+/i, '').trim()
  const bearer = /^bearer\s+(.+)$/i.exec(headers.get('authorization') ?? '')?.[1]
  return (
    bearer?.trim() ??
    headers.get('x-api-key') ??
    headers.get('api-key') ??
    headers.get('x-goog-api-key') ??
    headers.get('x-litellm-api-key')?.replace(/^bearer\s+/i, '') ??
    headers.get('ocp-apim-subscription-key') ??
    undefined
  )
}
