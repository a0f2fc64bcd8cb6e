import { definePlugin, logger } from '../../src/index.ts'
import { litellmNames, options } from './options.ts'

/** Admits callers with tokens of an identity provider: JWTs, checked with its public keys. */
export default definePlugin({
  name: 'jwt-auth',
  description: 'Admits callers with JWTs of an identity provider (OpenID Connect)',
  order: 'pre',
  default: false,
  options,
  env: { jwksUrl: 'JWT_PUBLIC_KEY_URL', audience: 'JWT_AUDIENCE', issuer: 'JWT_ISSUER' },
  litellm: {
    'general_settings.enable_jwt_auth': 'enabled',
    ...Object.fromEntries(
      Object.entries(litellmNames).map(([name, option]) => [`general_settings.litellm_jwtauth.${name}`, option]),
    ),
  },
  async setup(given, gateway) {
    const { enabled, jwksUrl } = given
    if (enabled === false) return
    if (!jwksUrl) {
      logger.warn('jwt-auth stays off: it needs the address of public keys. Set its jwksUrl, or JWT_PUBLIC_KEY_URL.')
      return
    }
    if (!given.audience) {
      logger.warn(
        'jwt-auth accepts tokens meant for other services too: set plugins.jwt-auth.audience, or JWT_AUDIENCE.',
      )
    }
    // What checks signatures is loaded where it is used.
    const [{ createGate }, { createVerify }] = await Promise.all([import('./gate.ts'), import('./verify.ts')])
    const verify = await createVerify({ ...given, jwksUrl })
    // Said once, where the documents of end users are: whose tokens callers have makes no difference to them.
    const keys = gateway.config.plugins?.['virtual-keys'] as { endUserBudget?: string } | boolean | undefined
    const endUserBudget = typeof keys === 'object' ? keys.endUserBudget : undefined
    return { authenticates: true, auth: createGate({ options: given, gateway, verify, endUserBudget }) }
  },
})
