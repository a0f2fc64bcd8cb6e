import type { Deployment } from './types/config.ts'
import type { Target } from './types/provider.ts'

const SECRET_SHAPES = /\b(sk-|AIza|gsk_|xai-|Bearer\s+)[\w.*-]{6,}|([?&](?:key|api_key|token)=)[^&\s"']+/g
/** Shorter values are words, and would be found everywhere. */
const MIN_LENGTH = 8

const known = new WeakMap<Deployment, readonly string[]>()

/** Providers quote keys in their errors: what looks like one, or is the deployment's own, never leaves. */
export function redact(text: string, target: Target): string {
  let out = text.replace(SECRET_SHAPES, (_all, prefix: string | undefined, query: string | undefined) =>
    query ? `${query}[redacted]` : `${prefix}[redacted]`,
  )
  for (const secret of secretsOf(target.deployment)) out = out.replaceAll(secret, '[redacted]')
  return out
}

/** True where a text holds one of the deployment's secrets. */
export function holdsSecret(text: string, { deployment }: Target): boolean {
  if (text.length < MIN_LENGTH) return false
  for (const secret of secretsOf(deployment)) if (text.includes(secret)) return true
  return false
}

/** The texts among a deployment's options and headers that may be secret, the longest first. */
function secretsOf(deployment: Deployment): readonly string[] {
  let secrets = known.get(deployment)
  if (!secrets) {
    const texts = textsIn([deployment.options, deployment.headers]).flatMap(parts)
    secrets = [...new Set(texts)].filter((text) => text.length >= MIN_LENGTH).sort((a, b) => b.length - a.length)
    known.set(deployment, secrets)
  }
  return secrets
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** Of an address only what is not public, of an `Authorization` value the credentials too. */
function parts(text: string): string[] {
  if (URL.canParse(text) && /^https?:/i.test(text)) {
    const { username, password, searchParams } = new URL(text)
    return [username, password, decodeURIComponent(password), ...searchParams.values()]
  }
  return [text, text.replace(/^(bearer|basic)\s+/i, '')]
}
