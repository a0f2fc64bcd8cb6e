import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createGateway, logger } from '../../src/index.ts'
import { jwtGateway, makeKey, startProvider } from './jwt.ts'
import type { IdentityProvider, TestKey } from './jwt.ts'

let rsa: TestKey
beforeAll(async () => {
  rsa = await makeKey('one')
})
let warn: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
})

const trusting = ({ url, issuer }: IdentityProvider, more = {}) => ({
  jwksUrl: url,
  audience: 'gateway',
  issuer,
  ...more,
})
const seconds = (from: number) => Math.floor(Date.now() / 1000) + from

describe('tokens that were checked', () => {
  test('are told apart by all of their text, not by how they begin', async () => {
    const idp = await startProvider([rsa])
    const { ask, admitted } = await jwtGateway(trusting(idp), {
      documents: { user: [{ user_id: 'alice' }, { user_id: 'mallory' }] },
    })
    const alice = await idp.sign(rsa)
    const mallory = await idp.sign(rsa, { sub: 'mallory' })
    expect(alice.slice(0, 20)).toBe(mallory.slice(0, 20))
    for (const token of [alice, mallory, alice]) expect((await ask(token)).status).toBe(200)
    expect(admitted.map((principal) => principal?.user)).toEqual(['alice', 'mallory', 'alice'])
    const forged = `${alice.slice(0, -8)}AAAAAAAA`
    expect((await ask(forged)).status).toBe(401)
    expect((await ask(`${alice}A`)).status).toBe(401)
  })

  test('are not checked again, for as long as they live', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const verify = vi.spyOn(crypto.subtle, 'verify')
    onTestFinished(() => verify.mockRestore())
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp, { tokenTtl: 100, clockTolerance: 0 }))
    const token = await idp.sign(rsa, { exp: seconds(150) })
    for (let i = 0; i < 3; i++) expect((await ask(token)).status).toBe(200)
    expect(verify).toHaveBeenCalledTimes(1)
    vi.setSystemTime(Date.now() + 101_000)
    expect((await ask(token)).status).toBe(200)
    expect(verify).toHaveBeenCalledTimes(2)
    vi.setSystemTime(Date.now() + 50_000)
    expect((await ask(token)).error?.code).toBe('token_expired')
  })

  test('are only so many', async () => {
    const verify = vi.spyOn(crypto.subtle, 'verify')
    onTestFinished(() => verify.mockRestore())
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway(trusting(idp, { maxTokens: 1 }))
    const [a, b] = [await idp.sign(rsa, { jti: 'a' }), await idp.sign(rsa, { jti: 'b' })]
    for (const token of [a, b, b, a]) await ask(token)
    expect(verify).toHaveBeenCalledTimes(3)
  })
})

describe('settings', () => {
  test('of LiteLLM and the environment are taken over', async () => {
    const gateway = await createGateway(
      { models: [{ name: 'm', model: 'mock/echo' }] },
      {
        env: { JWT_PUBLIC_KEY_URL: 'http://127.0.0.1:9/a,http://127.0.0.1:9/b', JWT_AUDIENCE: 'gateway' },
        litellm: {
          'general_settings.enable_jwt_auth': true,
          'general_settings.litellm_jwtauth': {
            user_id_jwt_field: 'user.id',
            team_ids_jwt_field: 'groups',
            role_mappings: [{ role: 'ai', internal_role: 'internal_user_view_only' }],
            oidc_userinfo_enabled: true,
          },
        },
      },
    )
    onTestFinished(() => gateway.close())
    expect(gateway.authenticated).toBe(true)
    expect(gateway.plugins.find(({ name }) => name === 'jwt-auth')).toMatchObject({ enabled: true, stages: ['auth'] })
    expect(gateway.warnings.join()).toContain('general_settings.litellm_jwtauth.oidc_userinfo_enabled')
    expect(gateway.warnings.join()).not.toContain('team_ids_jwt_field')
    expect(warn).not.toHaveBeenCalled()
  })

  test('without keys stop the start where they are wanted, and leave the plugin off otherwise', async () => {
    await expect(jwtGateway({ enabled: true })).rejects.toThrow('plugins.jwt-auth.jwksUrl')
    const { ask } = await jwtGateway({ userIdField: 'sub' })
    expect((await ask('eyJh.eyJh.AAAA')).error?.code).toBe('invalid_api_key')
    await expect(jwtGateway({ jwksUrl: 'file:///etc/passwd' })).rejects.toThrow('plugins.jwt-auth.jwksUrl')
  })

  test('without an audience are warned about', async () => {
    const idp = await startProvider([rsa])
    const { ask } = await jwtGateway({ jwksUrl: idp.url })
    expect(String(warn.mock.calls[0])).toContain('audience')
    expect((await ask(await idp.sign(rsa, { aud: 'another' }))).status).toBe(200)
  })
})
