import type { CryptoKey, JWSHeaderParameters, FlattenedJWSInput, RemoteJWKSet } from 'jose'
import { logger } from '../../src/index.ts'
import { ProviderAway, fetchSmall } from './fetch-small.ts'

/** One identity provider's public keys. */
export interface KeySet {
  /** The issuer that these keys sign for, where the provider's OpenID configuration says it. */
  issuer(): string | undefined
  /** Whether the keys are here, and not too old. */
  fresh(): boolean
  /** Throws jose's errors for a key that is not there, {@link ProviderAway} where nobody can say, any other for a bad key. */
  find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey>
}

export interface KeySetOptions {
  readonly jose: typeof import('jose')
  /** A JWKS, or an OpenID configuration that names one. */
  readonly url: string
  /** Milliseconds. */
  readonly keepMs: number
  readonly cooldownMs: number
}

/** A provider that did not answer is not asked again for this long, milliseconds: calls must not queue up behind it. */
const AWAY_MS = 2000
const TIMEOUT_MS = 5000
const DISCOVERY = '/.well-known/openid-configuration'

/**
 * Public keys from one address, fetched when they are needed. A token that names an unknown key makes them be fetched anew,
 * but only so often: tokens are written by strangers.
 */
export function createKeySet({ jose, url, keepMs, cooldownMs }: KeySetOptions): KeySet {
  const discovers = url.endsWith(DISCOVERY)
  let address: string | undefined
  let issuer: string | undefined
  let awayUntil = 0
  let lastError: unknown
  /** What is known while the provider is away. */
  let known: ReturnType<typeof jose.createLocalJWKSet> | undefined
  /** jose says in it when the keys came last; and of which time it was told that they did not come any more. */
  const cache: { uat?: number } = {}
  let told: number | undefined = -1

  /** Where the keys are may change as they do: it is asked with them. Throws where nobody has ever said it. */
  const locate = async (): Promise<string> => {
    try {
      const found = await readConfiguration(url)
      issuer = found.issuer
      return (address = found.jwks_uri)
    } catch (error) {
      if (address === undefined) throw error
      return address
    }
  }
  /** All that come while the keys are fetched wait for the same: jose sees to that, and to when they are fetched. */
  const keys: RemoteJWKSet = jose.createRemoteJWKSet(new URL(url), {
    cacheMaxAge: keepMs,
    cooldownDuration: cooldownMs,
    // Each of the two requests has its own time.
    timeoutDuration: 2 * TIMEOUT_MS,
    async [jose.customFetch](_url: string, init: RequestInit) {
      const place = discovers ? await locate() : url
      return fetchSmall(place, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
    },
    [jose.jwksCache]: cache as Record<string, never>,
  })
  const goAway = (error: unknown): ProviderAway => {
    awayUntil = Date.now() + AWAY_MS
    lastError = error
    const jwks = keys.fresh ? keys.jwks() : undefined
    known = jwks && jose.createLocalJWKSet(jwks)
    // Callers are not told why: this line is, once until the keys have come again.
    if (told !== cache.uat)
      logger.warn(
        `jwt-auth cannot read the public keys of ${placeOf(url)}: ${error instanceof Error ? error.message : String(error)}`,
      )
    told = cache.uat
    return new ProviderAway('the keys could not be fetched', { cause: error })
  }
  const findKnown = async (header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> => {
    if (!known || !keys.fresh) throw new ProviderAway('the keys were not there', { cause: lastError })
    try {
      return await known(header, token)
    } catch (error) {
      if (!(error instanceof jose.errors.JWKSNoMatchingKey)) throw error
      throw new ProviderAway('the key was not there', { cause: lastError })
    }
  }

  return {
    issuer: () => issuer,
    fresh: () => keys.fresh,
    async find(header, token) {
      if (Date.now() < awayUntil) return findKnown(header, token)
      try {
        return await keys(header, token)
      } catch (error) {
        throw isAway(error, jose) ? goAway(error) : error
      }
    },
  }
}

/** The keys did not come, or are none. What the provider has answered of this token's key is another matter. */
function isAway(error: unknown, { errors }: typeof import('jose')): boolean {
  if (!(error instanceof errors.JOSEError)) return error instanceof ProviderAway
  return !(
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  )
}

/** OpenID Connect Discovery 1.0, §4. */
async function readConfiguration(url: string): Promise<{ jwks_uri: string; issuer: string | undefined }> {
  const response = await fetchSmall(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
  const found: unknown = await response.json().catch(() => undefined)
  const { jwks_uri, issuer } = (found ?? {}) as { jwks_uri?: unknown; issuer?: unknown }
  if (typeof jwks_uri !== 'string' || !URL.canParse(jwks_uri)) {
    throw new ProviderAway('the OpenID configuration names no keys')
  }
  // Keys that anybody on the way could replace are worth nothing.
  if (url.startsWith('https:') && !jwks_uri.startsWith('https:')) throw new ProviderAway('the keys are not behind TLS')
  return { jwks_uri, issuer: typeof issuer === 'string' ? issuer : undefined }
}

/** An address without what may be a secret in it. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}
