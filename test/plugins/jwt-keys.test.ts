import { generateKeyPairSync, sign as signWith } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { logger } from '../../src/index.ts'
import { jwtGateway, makeKey, startProvider } from './jwt.ts'
import type { IdentityProvider, TestKey } from './jwt.ts'

const DISCOVERY = '/.well-known/openid-configuration'

let rsa: TestKey
let ec: TestKey
beforeAll(async () => {
  rsa = await makeKey('one')
  ec = await makeKey('two', 'ES256')
})
let warn: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => {
    warn.mockRestore()
    vi.useRealTimers()
  })
})

const trusting = ({ url, issuer }: IdentityProvider, more = {}) => ({
  jwksUrl: url,
  audience: 'gateway',
  issuer,
  ...more,
})
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

describe('a provider', () => {
  test('is asked once by all calls that come first', async () => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway({ jwksUrl: `${idp.issuer}${DISCOVERY}`, audience: 'gateway' })
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, i) => idp.sign(rsa, { jti: `${i}` })))
    const answers = await Promise.all(tokens.map((token) => ask(token)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect([idp.discovered, idp.asked]).toEqual([1, 1])
  })

  test('that fails is not asked by every token with an unknown key; known keys go on', async () => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    expect((await ask(await idp.sign(rsa))).status).toBe(200)
    idp.down = true
    pass(31)
    for (let i = 0; i < 5; i++) expect((await ask(await idp.sign(ec, { jti: `${i}` }))).status).toBe(503)
    expect(idp.asked).toBe(2)
    expect((await ask(await idp.sign(rsa, { jti: 'known' }))).status).toBe(200)
    idp.down = false
    idp.keys = [ec.jwk]
    pass(3)
    expect((await ask(await idp.sign(ec))).status).toBe(200)
    expect(idp.asked).toBe(3)
  })

  test('that hangs holds up no tokens of another whose keys are here', async () => {
    const [slow, other] = [await startProvider([rsa]), await startProvider([ec])]
    const options = { jwksUrl: [slow.url, other.url], audience: 'gateway', publicKeyTtl: 60, keyCooldown: 600 }
    const { ask } = await jwtGateway(options)
    expect((await ask(await slow.sign(rsa))).status).toBe(200)
    pass(40)
    expect((await ask(await other.sign(ec))).status).toBe(200)
    pass(21)
    slow.answer = () => {}
    expect((await ask(await other.sign(ec, { jti: '2' }))).status).toBe(200)
    expect(slow.asked).toBe(1)
  })

  test.each([
    [
      'it answers 302, and redirects are not followed',
      { status: 302, headers: { location: '/elsewhere' }, body: 'elsewhere' },
    ],
    ['Failed to parse', { status: 200, headers: {}, body: '<html>' }],
    ['it answers more than a megabyte', { status: 200, headers: {}, body: ' '.repeat(1_100_000) }],
  ])(
    'whose answer is no list of keys is a 503, and the log says once why: %s',
    async (reason, { status, headers, body }) => {
      const idp = await startProvider([rsa])
      idp.answer = (response) => {
        response.writeHead(status, headers)
        response.write(body)
        // What is too long is seen before its end.
        if (body.length < 1_000_000) response.end()
      }
      const { ask } = await jwtGateway(trusting(idp, { jwksUrl: `${idp.url}?secret=hush` }))
      for (let i = 0; i < 2; i++) {
        const { status: refused, error } = await ask(await idp.sign(rsa))
        expect([refused, error?.code]).toEqual([503, 'auth_provider_unavailable'])
        pass(3)
      }
      expect(idp.asked).toBe(2)
      expect(warn).toHaveBeenCalledTimes(1)
      expect(String(warn.mock.calls[0])).toContain(reason)
      expect(String(warn.mock.calls[0])).toContain(idp.url)
      expect(String(warn.mock.calls[0])).not.toContain('hush')
      idp.answer = undefined
      expect((await ask(await idp.sign(rsa))).status).toBe(200)
    },
  )
})

describe('a provider whose OpenID configuration names other keys than before', () => {
  /** Both at an address each; `asks` are the paths of what was asked for. */
  async function startMoving() {
    const idp = await startProvider([])
    const scene = { idp, path: '/old', gone: new Set<string>(), asks: [] as string[] }
    idp.answer = (response) => {
      const path = response.req.url ?? ''
      scene.asks.push(path)
      const lists: Record<string, unknown> = { '/old': { keys: [rsa.jwk] }, '/new': { keys: [ec.jwk] } }
      const configuration = { issuer: idp.issuer, jwks_uri: idp.issuer + scene.path }
      const ok = !scene.gone.has(path)
      response.writeHead(ok ? 200 : 404, { 'content-type': 'application/json' })
      response.end(JSON.stringify(ok ? (lists[path] ?? configuration) : {}))
    }
    const { ask } = await jwtGateway({ jwksUrl: `${idp.issuer}${DISCOVERY}`, audience: 'gateway' })
    const tryKey = async (key: TestKey, jti: string) => (await ask(await idp.sign(key, { jti }))).status
    return { scene, tryKey }
  }

  test('is asked where for an unknown key, once the cooldown is over', async () => {
    const { scene, tryKey } = await startMoving()
    expect(await tryKey(rsa, '1')).toBe(200)
    scene.path = '/new'
    expect(await tryKey(ec, '2')).toBe(401)
    expect(scene.asks).toEqual([DISCOVERY, '/old'])
    pass(31)
    expect(await tryKey(ec, '3')).toBe(200)
    expect(scene.asks).toEqual([DISCOVERY, '/old', DISCOVERY, '/new'])
    // What the provider does not list any more signs for nobody.
    expect(await tryKey(rsa, '4')).toBe(401)
  })

  test('is asked where after the old ones were gone, also where they were too old already', async () => {
    const { scene, tryKey } = await startMoving()
    expect(await tryKey(rsa, '1')).toBe(200)
    scene.gone.add('/old')
    pass(601)
    expect(await tryKey(rsa, '2')).toBe(503)
    scene.path = '/new'
    pass(3)
    expect(await tryKey(ec, '3')).toBe(200)
  })

  test('may be away itself: the keys are looked for where they were', async () => {
    const { scene, tryKey } = await startMoving()
    expect(await tryKey(rsa, '1')).toBe(200)
    scene.gone.add(DISCOVERY)
    pass(601)
    expect(await tryKey(rsa, '2')).toBe(200)
    expect(warn).not.toHaveBeenCalled()
  })
})

describe('listed keys that cannot be used', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const short = { ...publicKey.export({ format: 'jwk' }), kid: 'short', alg: 'RS256' }
  const broken = [
    { kty: 'RSA', kid: 'broken', alg: 'RS256', n: '!!', e: 'AQAB' },
    { kty: 'EC', kid: 'no-point', alg: 'ES256', crv: 'P-256', x: 'AAAA', y: 'AAAA' },
  ]
  const signed = (header: Record<string, unknown>) => {
    const claims = { sub: 'alice', aud: 'gateway', exp: Math.floor(Date.now() / 1000) + 60 }
    const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${input}.${signWith('RSA-SHA256', Buffer.from(input), privateKey).toString('base64url')}`
  }

  test('refuse the token that names them, and are no fault of the gateway', async () => {
    const idp = await startProvider([rsa])
    idp.keys.push(short, ...broken)
    const { ask } = await jwtGateway(trusting(idp))
    for (const [alg, kid] of [
      ['RS256', 'short'],
      ['RS256', 'broken'],
      ['ES256', 'no-point'],
    ]) {
      const { status, error } = await ask(signed({ alg, kid }))
      expect([status, error?.code]).toEqual([401, 'invalid_token'])
      expect(error?.message).toMatch(/cannot be used/)
    }
    expect((await ask(await idp.sign(rsa))).status).toBe(200)
    expect(warn).not.toHaveBeenCalled()
  })

  test('do not stand before those that can, where the token names none', async () => {
    const idp = await startProvider([])
    idp.keys = [short, broken[0]!, rsa.jwk].map(({ kid: _kid, ...jwk }) => jwk)
    const { ask } = await jwtGateway(trusting(idp))
    expect((await ask(await idp.sign(rsa, {}, { kid: undefined }))).status).toBe(200)
    expect((await ask(signed({ alg: 'RS256' }))).error?.message).toMatch(/signature/)
  })
})
