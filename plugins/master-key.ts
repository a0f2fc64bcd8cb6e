import { hash, timingSafeEqual } from 'node:crypto'
import { GatewayError, definePlugin, presentedKey, z } from '../src/index.ts'
import type { Context, Principal } from '../src/index.ts'

const ADMIN: Principal = { id: 'master-key', role: 'admin', name: 'master key' }
const LOCAL: Principal = { id: 'anonymous', role: 'admin', name: 'local' }
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\]|.+\.localhost)(:\d+)?$/i
const LOOPBACK_IP = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i

/** One key for everything, or, on this machine only, none at all. */
export default definePlugin({
  name: 'master-key',
  description: 'Admits callers with the master key; without one, anyone on this machine',
  order: 'post',
  options: z.object({
    key: z
      .string()
      .min(8, 'is too short for a key: 8 characters or more. `openssl rand -hex 32` makes a good one')
      .optional()
      .describe('The master key. Any length from 8; LiteLLM wants it to begin with sk-.'),
    keyHeader: z
      .string()
      .regex(/^[\w-]+$/)
      .transform((name) => name.toLowerCase())
      .optional()
      .describe('A header of your own that keys come in, looked at before the usual ones.'),
  }),
  env: { key: ['GATEWAY_MASTER_KEY', 'LITELLM_MASTER_KEY'] },
  litellm: { 'general_settings.master_key': 'key', 'general_settings.litellm_key_header_name': 'keyHeader' },
  setup({ key, keyHeader }) {
    if (key === undefined) return { auth: admitLocal }
    const expected = digest(key)
    // The key itself, once it was compared: a look-up by hash, whose time says no more than a digest's.
    const admitted = new Set<string>()
    return {
      authenticates: true,
      auth(ctx) {
        if (ctx.principal) return
        const given = presentedKey(ctx.call.headers, keyHeader)
        if (given === undefined) throw invalidKey('No API key given. Send it as "Authorization: Bearer <key>".')
        if (!admitted.has(given)) {
          // Digests have one length, so the comparison's time says nothing about the key.
          if (!timingSafeEqual(digest(given), expected)) throw invalidKey('Invalid API key')
          admitted.add(given)
        }
        ctx.principal = ADMIN
      },
    }
  },
})

/**
 * Without a key the server listens on loopback only. A web page open on the same machine could still reach it, by a
 * cross-site request or by a name that resolves to 127.0.0.1: both show in headers that pages cannot forge.
 */
function admitLocal(ctx: Context): void {
  if (ctx.principal) return
  const { headers } = ctx.call
  const origin = headers.get('origin')
  const host = headers.get('host')
  const foreign = origin !== null && origin !== 'null' && !LOOPBACK.test(origin.replace(/^https?:\/\//i, ''))
  const crossSite = foreign || origin === 'null' || headers.get('sec-fetch-site') === 'cross-site'
  const remote = (ctx.ip !== undefined && !LOOPBACK_IP.test(ctx.ip)) || (host !== null && !LOOPBACK.test(host))
  if (crossSite || remote) {
    throw new GatewayError(
      403,
      'Without a master key the gateway answers only programs on this machine. Set GATEWAY_MASTER_KEY to admit others, ' +
        'or turn the plugin off (`master-key: false`) where the app around the gateway checks its callers itself.',
      { code: 'local_only' },
    )
  }
  ctx.principal = LOCAL
}

function invalidKey(message: string): GatewayError {
  return new GatewayError(401, message, {
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    headers: { 'www-authenticate': 'Bearer' },
  })
}

/** One shot: a third of `createHash`'s cost. */
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
