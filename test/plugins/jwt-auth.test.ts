import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK } from 'jose'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { logger } from '../../src/index.ts'
import { jwtGateway, makeKey, startProvider } from './jwt.ts'
import type { IdentityProvider, TestKey } from './jwt.ts'

let rsa: TestKey
let ec: TestKey
let stranger: TestKey
beforeAll(async () => {
  ;[rsa, ec, stranger] = await Promise.all([makeKey('one'), makeKey('two', 'ES256'), makeKey('one')])
})
beforeEach(() => {
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
})

const trusting = ({ url, issuer }: IdentityProvider, more = {}) => ({
  jwksUrl: url,
  audience: 'gateway',
  issuer,
  ...more,
})
const seconds = (from: number) => Math.floor(Date.now() / 1000) + from
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Nothing that a caller is told, or that is logged, holds a token or its parts. */
const silentAbout = (token: string, said: unknown) => {
  const text = JSON.stringify(said)
  for (const piece of token.split('.').filter(Boolean)) expect(text).not.toContain(piece)
}

describe('a token', () => {
  test('that is good is admitted as its user', async () => {
    const idp = await startProvider([rsa, ec])
    const { ask, admitted } = await jwtGateway(trusting(idp, { userEmailField: 'email' }))
    for (const key of [rsa, ec]) {
      expect((await ask(await idp.sign(key, { email: 'alice@example.com' }))).status).toBe(200)
    }
    expect(admitted).toHaveLength(2)
    expect(admitted[0]).toMatchObject({
      id: 'jwt:alice:~',
      role: 'user',
      proxyRole: 'internal_user',
      name: 'alice@example.com',
      user: 'alice',
      team: undefined,
    })
  })

  test('is taken from every header that keys come in', async () => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    const token = await idp.sign(rsa)
    for (const name of ['x-api-key', 'api-key', 'x-goog-api-key', 'x-litellm-api-key']) {
      expect((await ask('', { headers: { authorization: '', [name]: token } })).status, name).toBe(200)
    }
  })

  test('other keys are left to others', async () => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    expect((await ask('sk-master-0123456789')).status).toBe(200)
    expect((await ask('not.a.jwt')).error).toMatchObject({ code: 'invalid_api_key' })
    expect(idp.asked).toBe(0)
  })

  test('that is over, early, for others, from others or signed by others is refused, and why is said', async () => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    const wrong: [string, string, string][] = [
      [await idp.sign(rsa, { exp: seconds(-60) }), 'token_expired', 'The token has expired.'],
      [await idp.sign(rsa, { nbf: seconds(300) }), 'invalid_token', 'The token is not valid yet ("nbf").'],
      [
        await idp.sign(rsa, { aud: 'another' }),
        'invalid_token',
        'The token is not meant for this gateway: its audience ("aud") is another.',
      ],
      [
        await idp.sign(rsa, { iss: 'https://evil.example' }),
        'invalid_token',
        'The token was issued by somebody who is not accepted here ("iss").',
      ],
      [await idp.sign(stranger), 'invalid_token', 'The signature of the token is wrong.'],
      [await idp.sign(ec), 'invalid_token', 'The token is signed with a key that the identity provider does not list.'],
    ]
    for (const [token, code, message] of wrong) {
      const answer = await ask(token)
      expect(answer.status).toBe(401)
      expect(answer.error).toEqual({ message, type: 'auth_error', param: null, code })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
      silentAbout(token, [answer.error, [...answer.headers]])
    }
  })

  test('without an end is refused', async () => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    const { SignJWT } = await import('jose')
    const token = await new SignJWT({ sub: 'alice', aud: 'gateway', iss: idp.issuer })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(rsa.privateKey)
    expect((await ask(token)).error).toMatchObject({ message: 'The token lacks the claim "exp".' })
  })

  test('that was changed is refused', async () => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    const [head, , signature] = (await idp.sign(rsa)).split('.')
    const body = part({ sub: 'root', aud: 'gateway', iss: idp.issuer, exp: seconds(300) })
    expect((await ask(`${head}.${body}.${signature}`)).error).toMatchObject({
      message: 'The signature of the token is wrong.',
    })
  })
})

describe('algorithms', () => {
  const claims = () => part({ sub: 'alice', aud: 'gateway', exp: seconds(300), scope: 'litellm_proxy_admin' })

  test.each(['none', 'None', 'NONE', ''])('alg "%s" is never accepted, signed or not', async (alg) => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    for (const signature of ['', 'AAAA']) {
      const token = `${part({ alg, kid: 'one', typ: 'JWT' })}.${claims()}.${signature}`
      expect((await ask(token)).error).toMatchObject({
        code: 'invalid_token',
        message: 'The token is not signed with an algorithm that is accepted here.',
      })
    }
    expect(idp.asked).toBe(0)
  })

  test.each(['HS256', 'HS384', 'HS512'])('%s with the public key as the secret is refused', async (alg) => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    const pem = await exportSPKI((await importJWK(rsa.jwk, 'RS256', { extractable: true })) as never)
    for (const secret of [pem, pem.trim(), rsa.jwk.n!, JSON.stringify(rsa.jwk)]) {
      const input = `${part({ alg, kid: 'one' })}.${claims()}`
      const signature = createHmac(alg.replace('HS', 'sha'), secret).update(input).digest('base64url')
      expect((await ask(`${input}.${signature}`)).status).toBe(401)
    }
  })

  test('a shared secret in the list of keys changes nothing', async () => {
    const idp = await startProvider([rsa])
    idp.keys.push({
      kty: 'oct',
      k: Buffer.from('shared-secret-of-32-characters!!').toString('base64url'),
      kid: 'shared',
      alg: 'HS256',
    })
    const { ask } = await jwtGateway(trusting(idp))
    const input = `${part({ alg: 'HS256', kid: 'shared' })}.${claims()}`
    const signature = createHmac('sha256', 'shared-secret-of-32-characters!!').update(input).digest('base64url')
    expect((await ask(`${input}.${signature}`)).status).toBe(401)
  })

  test('a key that the token itself brings is not looked at', async () => {
    const evil = await startProvider([stranger])
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    const claimed = { iss: idp.issuer }
    for (const header of [{ jku: evil.url }, { jwk: stranger.jwk }, { kid: 'gone', jku: evil.url }]) {
      expect((await ask(await evil.sign(stranger, claimed, header))).status).toBe(401)
    }
    expect(evil.asked).toBe(0)
  })

  test('cannot be configured', async () => {
    await expect(jwtGateway({ jwksUrl: 'http://127.0.0.1:9/keys', algorithms: ['HS256'] })).rejects.toThrow(
      'plugins.jwt-auth.algorithms[0]',
    )
  })
})

describe('keys', () => {
  test('are fetched once, and anew for a key that is not known: rotation needs no restart', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp))
    expect((await ask(await idp.sign(rsa))).status).toBe(200)
    expect((await ask(await idp.sign(rsa, { jti: '2' }))).status).toBe(200)
    expect(idp.asked).toBe(1)
    idp.keys = [ec.jwk]
    // A stranger who names keys at random does not make the gateway ask each time.
    for (let i = 0; i < 5; i++) expect((await ask(await idp.sign(ec, { jti: `${i}` }))).status).toBe(401)
    expect(idp.asked).toBe(1)
    vi.setSystemTime(Date.now() + 31_000)
    expect((await ask(await idp.sign(ec))).status).toBe(200)
    expect(idp.asked).toBe(2)
    // The old key is listed no more.
    expect((await ask(await idp.sign(rsa, { jti: '3' }))).status).toBe(401)
  })

  test('without an id are tried, where several fit', async () => {
    const [a, b] = [await makeKey('a'), await makeKey('b')]
    const idp = await startProvider([a, b])
    idp.keys = idp.keys.map(({ kid: _kid, ...jwk }) => jwk)
    const { ask } = await jwtGateway(trusting(idp))
    for (const key of [a, b]) expect((await ask(await idp.sign(key, {}, { kid: undefined }))).status).toBe(200)
    expect((await ask(await idp.sign(stranger, {}, { kid: undefined }))).status).toBe(401)
  })

  test('of several providers', async () => {
    const [first, second] = [await startProvider([rsa]), await startProvider([ec])]
    const { ask } = await jwtGateway({ jwksUrl: `${first.url}, ${second.url}`, audience: 'gateway' })
    expect((await ask(await first.sign(rsa))).status).toBe(200)
    expect((await ask(await second.sign(ec))).status).toBe(200)
    first.down = true
    expect((await ask(await second.sign(ec, { jti: '2' }))).status).toBe(200)
  })

  test('of an OpenID configuration are for the tokens of its issuer', async () => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway({ jwksUrl: `${idp.issuer}/.well-known/openid-configuration`, audience: 'gateway' })
    expect((await ask(await idp.sign(rsa))).status).toBe(200)
    expect((await ask(await idp.sign(rsa, { iss: 'https://other.example' }))).error?.message).toMatch(
      /issued by somebody/,
    )
  })

  test('that cannot be had are a 503; tokens that are known go on', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp, { publicKeyTtl: 60, tokenTtl: 600 }))
    const known = await idp.sign(rsa, { exp: seconds(300) })
    expect((await ask(known)).status).toBe(200)
    idp.down = true
    vi.setSystemTime(Date.now() + 61_000)
    const fresh = await idp.sign(rsa, { jti: 'fresh' })
    const refused = await ask(fresh)
    expect([refused.status, refused.error?.code, refused.error?.type]).toEqual([
      503,
      'auth_provider_unavailable',
      'auth_provider_unavailable',
    ])
    expect(refused.headers.get('retry-after')).toBe('2')
    silentAbout(fresh, refused.error)
    // Nobody waits for a provider that has just failed.
    const asked = idp.asked
    expect((await ask(fresh)).status).toBe(503)
    expect(idp.asked).toBe(asked)
    expect((await ask(known)).status).toBe(200)
    idp.down = false
    vi.setSystemTime(Date.now() + 2001)
    expect((await ask(fresh)).status).toBe(200)
  })
})
