import { GatewayError } from '../../src/index.ts'

/** 401 for a token that is not accepted. Never holds the token, or a claim of one whose signature was not checked. */
export function invalidToken(message: string, code = 'invalid_token', cause?: unknown): GatewayError {
  return new GatewayError(401, message, {
    type: 'auth_error',
    code,
    // RFC 6750 §3.1
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    cause,
  })
}

/** 403 for a good token that does not carry the right to do this. */
export function notAllowed(message: string, code: string): GatewayError {
  return new GatewayError(403, message, { type: 'permission_error', code })
}

/** 503: nobody can say whether a token is good. */
export function providerAway(cause: unknown): GatewayError {
  return new GatewayError(503, 'The identity provider cannot be reached to check this token. Try again shortly.', {
    type: 'auth_provider_unavailable',
    code: 'auth_provider_unavailable',
    retryAfter: 2,
    cause,
  })
}

/** An id from a token, short enough to be said. */
export function shown(id: string): string {
  return id.length > 100 ? `${id.slice(0, 100)}…` : id
}
