import type { CryptoKey, JWTPayload, JWTVerifyOptions } from 'jose'
import { ProviderAway } from './fetch-small.ts'
import { createKeySet } from './key-sets.ts'
import type { KeySet } from './key-sets.ts'
import type { JwtOptions } from './options.ts'
import { invalidToken, providerAway } from './refusals.ts'

export type Claims = JWTPayload

/** Checks a token's signature, life, issuer and audience. Throws a 401, or 503 where the provider's keys cannot be had. */
export type Verify = (token: string) => Promise<Claims>

export type VerifyOptions = Pick<
  JwtOptions,
  'audience' | 'issuer' | 'algorithms' | 'clockTolerance' | 'publicKeyTtl' | 'keyCooldown'
> & { readonly jwksUrl: readonly string[] }

type Jose = typeof import('jose')

/** Makes the check. Keys come from the operator's addresses only: what a token says of its key's place is not looked at. */
export async function createVerify(options: VerifyOptions): Promise<Verify> {
  const jose = await import('jose')
  const sets = options.jwksUrl.map((url) =>
    createKeySet({ jose, url, keepMs: options.publicKeyTtl * 1000, cooldownMs: options.keyCooldown * 1000 }),
  )
  const settings: JWTVerifyOptions = {
    algorithms: options.algorithms,
    clockTolerance: options.clockTolerance,
    requiredClaims: ['exp'],
    ...(options.audience ? { audience: options.audience } : {}),
    ...(options.issuer ? { issuer: options.issuer } : {}),
  }
  return async (token) => {
    refuseOthers(jose, token, options.algorithms)
    let unknown: unknown
    let away: unknown
    // One that is being waited for must not hold up the tokens of the others.
    const order = sets.length === 1 ? sets : [...sets].sort((a, b) => Number(b.fresh()) - Number(a.fresh()))
    for (const set of order) {
      try {
        return await check({ jose, token, set, settings })
      } catch (error) {
        // Another provider may have signed it.
        if (error instanceof jose.errors.JWKSNoMatchingKey) unknown = error
        else if (error instanceof ProviderAway) away = error
        else if (sets.length === 1 || isFinal(error, jose)) throw explain(error, jose)
        else unknown = error
      }
    }
    if (away !== undefined) throw providerAway(away)
    throw explain(unknown, jose)
  }
}

interface Check {
  readonly jose: Jose
  readonly token: string
  readonly set: KeySet
  readonly settings: JWTVerifyOptions
}

async function check({ jose, token, set, settings }: Check): Promise<Claims> {
  const verify = async (key: CryptoKey | typeof set.find) => {
    const { payload } =
      typeof key === 'function'
        ? await jose.jwtVerify(token, key, settings)
        : await jose.jwtVerify(token, key, settings)
    // Known after the keys have been fetched: a provider may only speak for itself.
    const issuer = settings.issuer === undefined ? set.issuer() : undefined
    if (issuer !== undefined && payload.iss !== issuer) {
      throw new jose.errors.JWTClaimValidationFailed('unexpected "iss" claim value', payload, 'iss', 'check_failed')
    }
    return payload
  }
  try {
    return await verify((header, input) => set.find(header, input))
  } catch (error) {
    if (!(error instanceof jose.errors.JWKSMultipleMatchingKeys)) throw error
    // The token does not say which of several keys has signed it: each is tried.
    for await (const key of error) {
      try {
        return await verify(key)
      } catch (failure) {
        if (isFinal(failure, jose)) throw failure
      }
    }
    throw new jose.errors.JWSSignatureVerificationFailed()
  }
}

/** No other key would make it good. Not so where the signature is another's, or the key cannot be used. */
function isFinal(error: unknown, { errors }: Jose): boolean {
  return error instanceof errors.JOSEError && !(error instanceof errors.JWSSignatureVerificationFailed)
}

/** Before any key is looked for: what is signed otherwise, or not at all, must not cost a request. */
function refuseOthers(jose: Jose, token: string, algorithms: readonly string[]): void {
  let alg: unknown
  try {
    ;({ alg } = jose.decodeProtectedHeader(token))
  } catch {
    throw invalidToken('The token cannot be read: it is not a JWT.')
  }
  if (typeof alg === 'string' && algorithms.includes(alg)) return
  throw invalidToken('The token is not signed with an algorithm that is accepted here.')
}

function explain(error: unknown, { errors }: Jose): Error {
  if (error instanceof ProviderAway) return providerAway(error)
  if (error instanceof errors.JWTExpired) return invalidToken('The token has expired.', 'token_expired')
  if (error instanceof errors.JWTClaimValidationFailed) return invalidToken(claimAtFault(error.claim, error.reason))
  if (error instanceof errors.JWKSNoMatchingKey) {
    return invalidToken('The token is signed with a key that the identity provider does not list.')
  }
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return invalidToken('The signature of the token is wrong.')
  if (error instanceof errors.JOSEError)
    return invalidToken('The token cannot be read: it is not a JWT.', undefined, error)
  // Of the provider's list: what a token names there, strangers choose, and it must not be a fault of ours.
  const reason = 'it is broken, or an RSA key of less than 2048 bits.'
  return invalidToken(`The token is signed with a key of the identity provider that cannot be used: ${reason}`)
}

function claimAtFault(claim: string, reason: string): string {
  if (reason === 'missing') return `The token lacks the claim "${claim}".`
  if (claim === 'aud') return 'The token is not meant for this gateway: its audience ("aud") is another.'
  if (claim === 'iss') return 'The token was issued by somebody who is not accepted here ("iss").'
  if (claim === 'nbf') return 'The token is not valid yet ("nbf").'
  return `The claim "${claim}" of the token is not accepted.`
}
