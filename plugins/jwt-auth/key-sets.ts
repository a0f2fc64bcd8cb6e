import type { CryptoKey, JWSHeaderParameters, FlattenedJWSInput, RemoteJWKSet } from 'jose'

/** One identity provider's public keys. */
export interface KeySet {
  /** The issuer that these keys sign for, where the provider's OpenID configuration says it. */
  issuer(): string | undefined
  /** Throws jose's errors for a key that is not there; {@link ProviderAway} where nobody can say. */
  find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey>
}

/** The keys could not be fetched. */
export class ProviderAway extends Error {
  override readonly name = 'ProviderAway'
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
  let keys: RemoteJWKSet | undefined
  let issuer: string | undefined
  let awayUntil = 0
  let lastError: unknown

  const open = async (): Promise<RemoteJWKSet> => {
    let address = url
    if (url.endsWith(DISCOVERY)) {
      const found = await readConfiguration(url)
      address = found.jwks_uri
      issuer = found.issuer
    }
    const settings = { cacheMaxAge: keepMs, cooldownDuration: cooldownMs, timeoutDuration: TIMEOUT_MS }
    return jose.createRemoteJWKSet(new URL(address), settings)
  }

  return {
    issuer: () => issuer,
    async find(header, token) {
      if (Date.now() < awayUntil && !keys?.fresh)
        throw new ProviderAway('the keys were not there', { cause: lastError })
      try {
        keys ??= await open()
        return await keys(header, token)
      } catch (error) {
        if (isAnswer(error, jose)) throw error
        awayUntil = Date.now() + AWAY_MS
        lastError = error
        throw new ProviderAway('the keys could not be fetched', { cause: error })
      }
    },
  }
}

/** The provider has answered, and this token's key is not what it should be. */
function isAnswer(error: unknown, { errors }: typeof import('jose')): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  )
}

/** OpenID Connect Discovery 1.0, §4. */
async function readConfiguration(url: string): Promise<{ jwks_uri: string; issuer: string | undefined }> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (response.status !== 200) throw new Error(`${response.status} from the OpenID configuration`)
  const { jwks_uri, issuer } = (await response.json()) as { jwks_uri?: unknown; issuer?: unknown }
  if (typeof jwks_uri !== 'string' || !URL.canParse(jwks_uri)) throw new Error('the OpenID configuration names no keys')
  // Keys that anybody on the way could replace are worth nothing.
  if (url.startsWith('https:') && !jwks_uri.startsWith('https:')) throw new Error('the keys are not behind TLS')
  return { jwks_uri, issuer: typeof issuer === 'string' ? issuer : undefined }
}
