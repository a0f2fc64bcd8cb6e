import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import type { CryptoKey, JWK, JWTPayload } from 'jose'
import { onTestFinished } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { Directory, DirectoryDocuments, Gateway, GatewayConfig, Principal } from '../../src/index.ts'

/** A key of an identity provider. */
export interface TestKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

export interface IdentityProvider {
  /** Of its JWKS. */
  readonly url: string
  /** `http://127.0.0.1:port`: the issuer of its tokens. */
  readonly issuer: string
  /** What it lists. */
  keys: JWK[]
  /** How often its keys were asked for. */
  asked: number
  /** How often its OpenID configuration was. */
  discovered: number
  /** Answers 503 from now on. */
  down: boolean
  /** Answers in place of it, where it is set. */
  answer: ((response: ServerResponse) => void) | undefined
  sign(key: TestKey, claims?: JWTPayload, header?: Record<string, unknown>): Promise<string>
}

export async function makeKey(kid: string, alg = 'RS256'): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** An identity provider on this machine: `/keys`, and `/.well-known/openid-configuration`. */
export async function startProvider(keys: readonly TestKey[]): Promise<IdentityProvider> {
  const server = createServer((request, response) => {
    const discovery = request.url === '/.well-known/openid-configuration'
    if (discovery) provider.discovered++
    else provider.asked++
    if (provider.answer) return provider.answer(response)
    response.writeHead(provider.down ? 503 : 200, { 'content-type': 'application/json' })
    const { issuer, url } = provider
    response.end(JSON.stringify(discovery ? { issuer, jwks_uri: url } : { keys: provider.keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider: IdentityProvider = {
    url: `${issuer}/keys`,
    issuer,
    keys: keys.map(({ jwk }) => jwk),
    asked: 0,
    discovered: 0,
    down: false,
    answer: undefined,
    sign: ({ kid, alg, privateKey }, claims = {}, header = {}) =>
      new SignJWT({ sub: 'alice', aud: 'gateway', iss: issuer, ...claims })
        .setProtectedHeader({ alg, kid, ...header })
        .setIssuedAt()
        .setExpirationTime((claims.exp as number | undefined) ?? '5m')
        .sign(privateKey),
  }
  return provider
}

export interface JwtGateway {
  readonly gateway: Gateway
  readonly directory: Directory
  /** The principals of the calls that were admitted, in order. */
  readonly admitted: (Principal | undefined)[]
  ask(token: string, more?: { headers?: Record<string, string>; body?: Record<string, unknown> }): Promise<JwtAnswer>
  get(path: string, token: string): Promise<JwtAnswer>
}

export interface JwtAnswer {
  readonly status: number
  readonly headers: Headers
  readonly error: { message: string; type: string; code: string } | undefined
  readonly body: unknown
}

type Documents = { [K in keyof DirectoryDocuments]?: Partial<DirectoryDocuments[K]>[] }

const IDS = {
  key: 'token',
  team: 'team_id',
  user: 'user_id',
  customer: 'user_id',
  budget: 'budget_id',
  organization: 'organization_id',
}

/** A gateway with the models `small` and `large`, and what its directory holds. Anonymous callers are refused. */
export async function jwtGateway(
  options: Record<string, unknown>,
  { documents = { user: [{ user_id: 'alice' }] }, config = {} }: { documents?: Documents; config?: GatewayConfig } = {},
): Promise<JwtGateway> {
  const admitted: (Principal | undefined)[] = []
  let directory: Directory | undefined
  const watch = definePlugin({
    name: 'watch',
    options: z.object({}),
    setup: (_options, gateway) => {
      directory = gateway.directory
      gateway.route({ method: 'GET', path: '/team/info', access: 'key', handler: ({ principal }) => principal ?? null })
      gateway.route({ method: 'GET', path: '/key/generate', access: 'admin', handler: () => 'made' })
      return { route: (ctx) => void admitted.push(ctx.principal) }
    },
  })
  const gateway = await createGateway(
    {
      models: ['small', 'large'].map((name) => ({ name, model: 'mock/echo', pace: 0, latency: 0 })),
      ...config,
      use: [watch, ...(config.use ?? [])],
      plugins: { 'master-key': { key: 'sk-master-0123456789' }, 'jwt-auth': options, ...config.plugins },
    },
    { env: {} },
  )
  onTestFinished(() => gateway.close())
  for (const [kind, entries] of Object.entries(documents)) {
    for (const entry of entries) {
      const id = (entry as Record<string, string>)[IDS[kind as keyof typeof IDS]]!
      const whole = { models: [], members_with_roles: [], members: [], ...entry }
      await directory!.update(kind as 'user', id, () => whole as never)
    }
  }
  const read = async (response: Response): Promise<JwtAnswer> => {
    const text = await response.text()
    const body: unknown = text.startsWith('{') || text === 'null' ? JSON.parse(text) : text
    const { error } = (body ?? {}) as { error?: JwtAnswer['error'] }
    return { status: response.status, headers: response.headers, error, body }
  }
  return {
    gateway,
    directory: directory!,
    admitted,
    ask: async (token, { headers = {}, body = {} } = {}) =>
      read(
        await gateway.fetch('http://gateway/v1/chat/completions', {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, ...headers },
          body: JSON.stringify({ model: 'small', messages: [{ role: 'user', content: 'Hi' }], ...body }),
        }),
      ),
    get: async (path, token) =>
      read(await gateway.fetch(`http://gateway${path}`, { headers: { authorization: `Bearer ${token}` } })),
  }
}
