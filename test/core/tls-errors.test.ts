import { readFileSync } from 'node:fs'
import { createServer as createPlain } from 'node:http'
import { createServer } from 'node:https'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createGateway } from '../../src/index.ts'
import type { Target } from '../../src/index.ts'
import { toTransportError } from '../../src/upstream-error.ts'

const pem = readFileSync(new URL('../transport/tls-for-tests-only.pem', import.meta.url))

/** What a client is told of a provider at `https://` this server. */
async function errorOf(server: Server): Promise<{ status: number; message: string }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const gateway = await createGateway({
    models: [{ name: 'm', model: 'openai/m', baseURL: `https://127.0.0.1:${port}/v1`, apiKey: 'x' }],
    plugins: { retry: { retries: 0 } },
  })
  onTestFinished(async () => {
    await gateway.close()
    server.close()
  })
  const response = await gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] }),
  })
  const { error } = (await response.json()) as { error: { message: string } }
  return { status: response.status, message: error.message }
}

it('says that nobody vouches for a certificate, and what would', async () => {
  const { status, message } = await errorOf(createServer({ key: pem, cert: pem }))
  expect(status).toBe(502)
  expect(message).toContain('signed by nobody that this process trusts; NODE_EXTRA_CA_CERTS')
  expect(message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
})

it('says that a server does not speak TLS', async () => {
  const { status, message } = await errorOf(createPlain())
  expect(status).toBe(502)
  expect(message).toContain('it does not speak TLS on this port')
})

it.each([
  ['CERT_HAS_EXPIRED', 'its certificate has expired: CERT_HAS_EXPIRED'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host: ERR_TLS_CERT_ALTNAME_INVALID'],
  ['ERR_SSL_SOMETHING_ELSE', 'ERR_SSL_SOMETHING_ELSE'],
])('says of %s: %s', (code, words) => {
  const target = { provider: { name: 'openai' }, model: 'm' } as Target
  const error = toTransportError(target, Object.assign(new Error('of TLS'), { code }))
  expect(error.message).toBe(`openai: the connection failed (${words}).`)
})
