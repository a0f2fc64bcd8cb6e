import type { JWTPayload } from 'jose'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { logger } from '../../src/index.ts'
import type { GatewayConfig } from '../../src/index.ts'
import { routeGroups } from '../../plugins/jwt-auth/routes.ts'
import { compileRoutes } from '../../src/index.ts'
import { jwtGateway, makeKey, startProvider } from './jwt.ts'
import type { TestKey } from './jwt.ts'

let key: TestKey
beforeAll(async () => {
  key = await makeKey('one')
})
beforeEach(() => {
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
})

/** A gateway with these options, and a maker of good tokens. */
async function setup(
  options: Record<string, unknown>,
  documents?: NonNullable<Parameters<typeof jwtGateway>[1]>['documents'],
  config: GatewayConfig = {},
) {
  const idp = await startProvider([key])
  const all = { jwksUrl: idp.url, audience: 'gateway', ...options }
  const made = await jwtGateway(all, { config, ...(documents ? { documents } : {}) })
  return { ...made, token: (claims: JWTPayload = {}) => idp.sign(key, claims) }
}

const twoTeams = {
  team: [
    { team_id: 'blue', models: ['small'] },
    { team_id: 'red', models: ['large'] },
  ],
}

describe('roles', () => {
  test('the admin scope opens the gateway’s own routes, and calls where they are listed', async () => {
    const closed = await setup({}, {})
    for (const scope of ['openid litellm_proxy_admin', ['litellm_proxy_admin']]) {
      const admin = await closed.token({ scope, sub: 'root' })
      expect((await closed.get('/key/generate', admin)).body).toBe('"made"')
      expect((await closed.ask(admin)).error?.code).toBe('route_not_allowed')
    }
    const user = await setup({})
    expect(
      (await user.get('/key/generate', await user.token({ scope: 'litellm_proxy_administrator' }))).error?.code,
    ).toBe('admin_only')

    const open = await setup({ adminScope: 'boss', adminAllowedRoutes: ['openai_routes'] }, {})
    const boss = await open.token({ scope: 'boss' })
    expect((await open.ask(boss)).status).toBe(200)
    expect(open.admitted[0]).toMatchObject({ role: 'admin', proxyRole: 'proxy_admin', user: 'alice' })
    expect((await open.get('/key/generate', boss)).error?.code).toBe('route_not_allowed')
  })

  test('are mapped from claims; the one with the most rights counts', async () => {
    const { ask, token, admitted, get } = await setup({
      rolesField: 'resource_access.gateway.roles',
      roleMappings: [{ role: 'boss', internal_role: 'proxy_admin' }],
      roleMap: [
        { jwt_role: 'AI_VIEW_*', litellm_role: 'internal_user_view_only' },
        { jwt_role: 'AI_USER', litellm_role: 'internal_user' },
      ],
      enforceRoles: true,
    })
    const roles = (...list: string[]) => token({ resource_access: { gateway: { roles: list } } })
    expect((await ask(await roles('AI_VIEW_ALL', 'x'))).status).toBe(200)
    expect((await ask(await roles('AI_VIEW_ALL', 'AI_USER'))).status).toBe(200)
    expect(admitted.map((principal) => [principal?.proxyRole, principal?.role])).toEqual([
      ['internal_user_viewer', 'user'],
      ['internal_user', 'user'],
    ])
    expect((await ask(await roles('x'))).error?.code).toBe('no_role')
    expect((await get('/key/generate', await roles('boss'))).status).toBe(200)
  })

  test('an object id is a user or a team, as its role says', async () => {
    const { ask, token, admitted } = await setup(
      {
        objectIdField: 'oid',
        rolesField: 'roles',
        roleMappings: [
          { role: 'app', internal_role: 'team' },
          { role: 'person', internal_role: 'internal_user' },
        ],
      },
      { user: [{ user_id: 'alice' }], ...twoTeams },
    )
    expect((await ask(await token({ oid: 'blue', roles: ['app'] }))).status).toBe(200)
    expect((await ask(await token({ oid: 'alice', roles: 'person' }))).status).toBe(200)
    expect(admitted.map((principal) => [principal?.user, principal?.team])).toEqual([
      [undefined, 'blue'],
      ['alice', undefined],
    ])
    expect((await ask(await token({ oid: 'blue', roles: ['person'] }))).error?.code).toBe('user_not_found')
  })

  test('of a list are wanted of users', async () => {
    const { ask, token } = await setup({ userRolesField: 'roles', userAllowedRoles: 'dev,ops' })
    expect((await ask(await token({ roles: ['ops'] }))).status).toBe(200)
    expect((await ask(await token({ roles: ['hr'] }))).error?.code).toBe('no_role')
  })

  test('an admin’s document makes an admin, but not as a member of a team', async () => {
    const documents = { user: [{ user_id: 'alice', user_role: 'proxy_admin' as const }], ...twoTeams }
    const { ask, token, admitted } = await setup({ userIdField: 'sub', teamIdField: 'team' }, documents)
    await ask(await token())
    await ask(await token({ team: 'blue' }))
    expect(admitted.map((principal) => principal?.role)).toEqual(['admin', 'user'])
  })

  test('scopes may say which models', async () => {
    const { ask, token } = await setup({
      enforceScopes: true,
      scopeMappings: [{ scope: 'ai.small', models: ['small'] }],
    })
    const scoped = await token({ scope: 'ai.small' })
    expect((await ask(scoped)).status).toBe(200)
    expect((await ask(scoped, { body: { model: 'large' } })).error?.code).toBe('model_access_denied')
    expect((await ask(await token())).error?.code).toBe('model_access_denied')
  })
})

describe('end users', () => {
  const documents = {
    user: [{ user_id: 'alice' }],
    customer: [
      { user_id: 'c1', rpm_limit: 1 },
      { user_id: 'bad', blocked: true },
    ],
  }

  test('of the token are nobody’s to change', async () => {
    const { ask, token, admitted } = await setup({ userIdField: 'sub', endUserIdField: 'customer' }, documents)
    const c1 = await token({ customer: 'c1' })
    expect((await ask(c1, { body: { user: 'another' } })).status).toBe(200)
    expect(admitted[0]?.endUser).toBe('c1')
    expect((await ask(c1, { body: { user: 'another' } })).status).toBe(429)
    expect((await ask(await token({ customer: 'bad' }))).error?.code).toBe('end_user_blocked')
    expect((await ask(await token({ customer: 'new' }))).status).toBe(200)
    expect(admitted.at(-1)?.endUser).toBe('new')
  })

  test('of the request keep their limits', async () => {
    const { ask, token } = await setup({}, documents)
    const alice = await token()
    const statuses = []
    for (const user of ['c1', 'c1', 'bad', 'other']) statuses.push((await ask(alice, { body: { user } })).status)
    expect(statuses).toEqual([200, 429, 403, 200])
  })

  test('that have no limits of their own keep those of everybody', async () => {
    const everybody = {
      user: [{ user_id: 'alice' }],
      customer: [
        { user_id: 'named', alias: 'Named' },
        { user_id: 'own', rpm_limit: 3 },
        { user_id: 'other', budget_id: 'two' },
      ],
      budget: [
        { budget_id: 'one', rpm_limit: 1 },
        { budget_id: 'two', rpm_limit: 2 },
      ],
    }
    const { ask, token } = await setup({}, everybody, { plugins: { 'virtual-keys': { endUserBudget: 'one' } } })
    const alice = await token()
    const admittedOf = async (user: string) => {
      const statuses = []
      for (let i = 0; i < 4; i++) statuses.push((await ask(alice, { body: { user } })).status)
      return statuses.filter((status) => status === 200).length
    }
    expect(await admittedOf('stranger')).toBe(1)
    expect(await admittedOf('another')).toBe(1)
    expect(await admittedOf('named')).toBe(1)
    expect(await admittedOf('own')).toBe(3)
    expect(await admittedOf('other')).toBe(2)
  })
})

test('routes: groups, paths and patterns', () => {
  const team = compileRoutes(['openai_routes', 'info_routes'], routeGroups)
  const paths = ['/chat/completions', '/v1/models', '/key/info', '/key/generate', '/spend/keys']
  expect(paths.map((path) => team(path, path === '/chat/completions'))).toEqual([true, true, true, false, false])
  const info = compileRoutes(['info_routes'], routeGroups)
  expect([info('/files/info', true), info('/files/info', false)]).toEqual([false, true])
  const own = compileRoutes(['/v1/embeddings', '/files/*'], routeGroups)
  const tried = ['/embeddings', '/embeddings/', '/files/f1', '/files/%2e%2e/key', '/files/../key', '/chat/completions']
  expect(tried.map((path) => own(path, true))).toEqual([true, true, true, false, false, false])
})
