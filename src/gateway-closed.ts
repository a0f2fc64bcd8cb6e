import { GatewayError } from './error.ts'

const CODE = 'gateway_closed'

/** What comes after `close()`: it would be in no books, and its limits would be nobody's. */
export function gatewayClosed(): GatewayError {
  return new GatewayError(
    503,
    'This gateway was closed. Make a new one, or close it only when nothing asks it any more.',
    {
      code: CODE,
    },
  )
}

/** Not for a provider's word: that may be a gateway, too. */
export function isClosed(error: unknown): boolean {
  return error instanceof GatewayError && error.code === CODE && error.provider === undefined
}
