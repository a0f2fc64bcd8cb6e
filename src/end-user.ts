import type { Call } from './types/call.ts'

const LONGEST = 256

/**
 * The end user that a request names, in LiteLLM's order: the headers first, then the body's fields. Only a claim: what a
 * caller may claim is for the `auth` stage to say, in `principal.endUser`.
 */
export function endUserOf({ headers, body }: Call): string | undefined {
  const metadata = body['metadata'] as Record<string, unknown> | null | undefined
  // An empty one names nobody, and hides no other.
  const found =
    headers.get('x-litellm-customer-id') ||
    headers.get('x-litellm-end-user-id') ||
    headers.get('x-litellm-user-id') ||
    body['user'] ||
    (body['litellm_metadata'] as Record<string, unknown> | null | undefined)?.['user'] ||
    metadata?.['user_id'] ||
    body['safety_identifier']
  return typeof found === 'string' && found ? found.slice(0, LONGEST) : undefined
}
