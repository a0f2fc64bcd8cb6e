import type { JWTPayload } from 'jose'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { logger } from '../../src/index.ts'
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
) {
  const idp = await startProvider([key])
  const made = await jwtGateway({ jwksUrl: idp.url, audience: 'gateway', ...options }, documents ? { documents } : {})
  return { ...made, token: (claims: JWTPayload = {}) => idp.sign(key, claims) }
}

const twoTeams = {
  team: [
    { team_id: 'blue', models: ['small'] },
    { team_id: 'red', models: ['large'] },
  ],
}

describe('users', () => {
  test('that do not exist are refused, or made where that is wanted', async () => {
    const strict = await setup({}, {})
    const refused = await strict.ask(await strict.token({ sub: 'bob' }))
    expect([refused.status, refused.error]).toEqual([
      403,
      {
        message: 'The user of this token (bob) does not exist in this gateway.',
        type: 'permission_error',
        param: null,
        code: 'user_not_found',
      },
    ])
    const { ask, token, directory } = await setup({ userIdUpsert: true, userEmailField: 'contact.mail' }, {})
    expect((await ask(await token({ sub: 'bob', contact: { mail: 'bob@example.com' } }))).status).toBe(200)
    expect(await directory.get('user', 'bob')).toMatchObject({
      user_id: 'bob',
      user_email: 'bob@example.com',
      user_role: 'internal_user',
      models: [],
      created_by: 'jwt-auth',
    })
  })

  test('are numbers only where these are exact', async () => {
    const { ask, token, admitted } = await setup({ userIdUpsert: true }, {})
    expect((await ask(await token({ sub: 42 as never }))).status).toBe(200)
    expect(admitted[0]!.user).toBe('42')
    // Read as one number, as many others are.
    const rounded = await ask(await token({ sub: (2 ** 53) as never }))
    expect([rounded.status, rounded.error?.code]).toEqual([403, 'no_identity'])
  })

  test('that are blocked while their token lives are refused at once', async () => {
    const { ask, token, directory } = await setup({})
    const alice = await token()
    expect((await ask(alice)).status).toBe(200)
    await directory.update('user', 'alice', (user) => ({ ...user!, blocked: true }))
    const blocked = await ask(alice)
    expect([blocked.status, blocked.error?.code]).toEqual([401, 'user_blocked'])
    await directory.update('user', 'alice', () => undefined)
    expect((await ask(alice)).error?.code).toBe('user_not_found')
  })

  test('keep their own models, limits and budgets', async () => {
    const { ask, token, admitted } = await setup(
      {},
      {
        user: [{ user_id: 'alice', models: ['small'], rpm_limit: 2, max_budget: 5, budget_id: 'tier' }],
        budget: [{ budget_id: 'tier', tpm_limit: 5000 }],
      },
    )
    const alice = await token()
    expect((await ask(alice, { body: { model: 'large' } })).error?.code).toBe('model_access_denied')
    expect((await ask(alice)).status).toBe(200)
    const limited = await ask(alice)
    expect([limited.status, limited.error?.code]).toEqual([429, 'rate_limit_exceeded'])
    expect(admitted.at(-1)?.scopes).toEqual([
      { kind: 'user', id: 'alice', limits: { rpm: 2, tpm: 5000 }, budgets: [{ id: 'total', max: 5_000_000_000 }] },
    ])
  })

  test('need an address of the domain, and one that is theirs', async () => {
    const { ask, token } = await setup({ userEmailField: 'email', userAllowedEmailDomain: 'example.com' })
    const status = async (claims: JWTPayload) => (await ask(await token(claims))).status
    expect(await status({ email: 'Alice@Example.com' })).toBe(200)
    expect(await status({ email: 'alice@example.com.evil.example' })).toBe(403)
    expect(await status({ email: 'alice@notexample.com' })).toBe(403)
    expect(await status({ email: 'alice@example.com', email_verified: false })).toBe(403)
    expect(await status({})).toBe(403)
  })

  test('an id that is cut would be another’s: too long is none', async () => {
    const { ask, token } = await setup({ userIdUpsert: true }, {})
    expect((await ask(await token({ sub: 'x'.repeat(257) }))).error?.code).toBe('no_identity')
    expect((await ask(await token({ sub: '' }))).error?.code).toBe('no_identity')
    expect((await ask(await token({ sub: { id: 1 } as never }))).error?.code).toBe('no_identity')
  })
})

describe('teams', () => {
  const options = { userIdField: 'sub', teamIdsField: 'realm.groups' }
  const documents = { user: [{ user_id: 'alice' }], ...twoTeams }
  const groups = (...list: string[]) => ({ realm: { groups: list } })

  test('the first that may use the model is taken', async () => {
    const { ask, token, admitted } = await setup(options, documents)
    const alice = await token(groups('unknown', 'blue', 'red'))
    for (const model of ['small', 'large']) expect((await ask(alice, { body: { model } })).status, model).toBe(200)
    expect(admitted.map((principal) => [principal?.team, principal?.id])).toEqual([
      ['blue', 'jwt:alice:blue'],
      ['red', 'jwt:alice:red'],
    ])
    const blue = await token(groups('blue'))
    expect((await ask(blue, { body: { model: 'large' } })).error?.code).toBe('model_access_denied')
  })

  test.each(['kubernetes.io.namespace', 'kubernetes\\.io.namespace', 'https://example.com/claims.team'])(
    'are found below a claim whose name has dots: %s',
    async (teamIdField) => {
      const { ask, token, admitted } = await setup({ teamIdField }, documents)
      const claims = { 'kubernetes.io': { namespace: 'blue' }, 'https://example.com/claims': { team: 'blue' } }
      expect((await ask(await token(claims))).status).toBe(200)
      expect(admitted.at(-1)?.team).toBe('blue')
    },
  )

  test('callers choose among those of their token only', async () => {
    const { ask, token, admitted } = await setup(options, documents)
    const both = await token(groups('blue', 'red'))
    const choose = (team: string) => ({ headers: { 'x-litellm-team-id': team }, body: { model: 'large' } })
    expect((await ask(both, choose('red'))).status).toBe(200)
    expect(admitted.at(-1)?.team).toBe('red')
    expect((await ask(both, choose('blue'))).error?.code).toBe('model_access_denied')
    const foreign = await ask(await token(groups('blue')), choose('red'))
    expect([foreign.status, foreign.error?.code]).toEqual([403, 'team_not_allowed'])
    expect((await ask(await token(), choose('red'))).error?.code).toBe('team_not_allowed')
  })

  test('that do not exist are refused; one alone may be made', async () => {
    const strict = await setup(options, documents)
    expect((await strict.ask(await strict.token(groups('green')))).error).toMatchObject({
      code: 'team_not_found',
      message: 'The team of this token (green) does not exist in this gateway.',
    })
    expect((await strict.ask(await strict.token(groups('green', 'pink')))).error?.code).toBe('team_not_found')
    const { ask, token, directory } = await setup({ ...options, teamIdUpsert: true }, documents)
    expect((await ask(await token(groups('green')))).status).toBe(200)
    expect(await directory.get('team', 'green')).toMatchObject({ team_id: 'green', members_with_roles: [] })
    expect((await ask(await token(groups('pink', 'grey')))).status).toBe(403)
    expect(await directory.get('team', 'pink')).toBe(undefined)
  })

  test('that are blocked are passed over', async () => {
    const { ask, token } = await setup(options, {
      ...documents,
      team: [{ team_id: 'blue', blocked: true }, { team_id: 'red' }],
    })
    expect((await ask(await token(groups('blue', 'red')))).status).toBe(200)
    expect((await ask(await token(groups('blue')))).error?.code).toBe('team_blocked')
  })

  test('bring their limits, those of their members and of their organization', async () => {
    const { ask, token, admitted } = await setup(options, {
      user: [{ user_id: 'alice', rpm_limit: 50, max_budget: 1 }],
      organization: [{ organization_id: 'org', organization_alias: 'Org', tpm_limit: 9000, models: ['small'] }],
      team: [
        {
          team_id: 'blue',
          team_alias: 'Blue',
          organization_id: 'org',
          model_aliases: { fast: 'small' },
          tags: ['blue-tag'],
          max_budget: 10,
          budget_duration: '1d',
          members_with_roles: [{ user_id: 'alice', role: 'user', budget: { rpm_limit: 5 } }],
        },
      ],
    })
    expect((await ask(await token(groups('blue')), { body: { model: 'fast' } })).status).toBe(200)
    expect(admitted[0]).toMatchObject({
      organization: 'org',
      tags: ['blue-tag'],
      aliases: { fast: 'small' },
      modelLists: [['small']],
    })
    expect(admitted[0]!.scopes).toEqual([
      { kind: 'team', id: 'blue', name: 'Blue', budgets: [{ id: '1d', max: 10_000_000_000, window: '1d' }] },
      { kind: 'team_member', id: 'blue/alice', limits: { rpm: 5 } },
      // A user's budget is for calls of their own.
      { kind: 'user', id: 'alice', limits: { rpm: 50 } },
      { kind: 'organization', id: 'org', name: 'Org', limits: { tpm: 9000 } },
    ])
  })

  test('what members spend is theirs, without a budget as well and whatever their ids', async () => {
    const { ask, token, admitted } = await setup(
      { ...options, userIdUpsert: true, teamIdUpsert: true },
      { team: [{ team_id: 'blue', members_with_roles: [{ user_id: 'alice', role: 'user' }] }] },
    )
    const memberOf = async (team: string, sub: string) => {
      await ask(await token({ ...groups(team), sub }))
      return admitted.at(-1)!.scopes!.find(({ kind }) => kind === 'team_member')?.id
    }
    expect(await memberOf('blue', 'alice')).toBe('blue/alice')
    expect(await memberOf('/staff/search', 'bob')).toBe('%2Fstaff%2Fsearch/bob')
    expect(await memberOf('a', 'b/c')).toBe('a/b/c')
    expect(await memberOf('a/b', 'c')).toBe('a%2Fb/c')
    expect(await memberOf('a%2Fb', 'c')).toBe('a%252Fb/c')
  })

  test('limits go on being counted when a document is read anew', async () => {
    const { ask, token, admitted, directory } = await setup(options, documents)
    const alice = await token(groups('blue'))
    await ask(alice)
    await directory.update('user', 'somebody', () => ({ user_id: 'somebody', models: [] }) as never)
    await ask(alice)
    expect(admitted[1]!.scopes![0]).toBe(admitted[0]!.scopes![0])
    await directory.update('team', 'blue', (team) => ({ ...team!, rpm_limit: 0 }))
    expect((await ask(alice)).status).toBe(429)
  })

  test('tokens of a machine need no user', async () => {
    const { ask, get, token, admitted } = await setup({ teamIdField: 'client_id' }, twoTeams)
    const machine = await token({ sub: 'client-1', client_id: 'blue' })
    expect((await ask(machine)).status).toBe(200)
    expect(admitted[0]).toMatchObject({ id: 'jwt:~:blue', user: undefined, team: 'blue', proxyRole: 'team' })
    expect((await get('/team/info?team_id=blue', machine)).status).toBe(200)
    expect((await get('/spend/keys', machine)).status).toBe(404)
    expect((await ask(await token())).error?.code).toBe('no_identity')
  })

  test('may be wanted of everybody, and be given by default', async () => {
    const strict = await setup({ ...options, enforceTeamAccess: true }, documents)
    expect((await strict.ask(await strict.token())).error?.code).toBe('no_team')
    expect((await strict.ask(await strict.token(groups('blue')))).status).toBe(200)
    const given = await setup({ ...options, teamIdDefault: 'red' }, documents)
    expect((await given.ask(await given.token(), { body: { model: 'large' } })).status).toBe(200)
    expect(given.admitted[0]?.team).toBe('red')
  })

  test('routes that they may use are a list', async () => {
    const { ask, token } = await setup({ ...options, teamAllowedRoutes: ['/v1/embeddings'] }, documents)
    const refused = await ask(await token(groups('blue')))
    expect([refused.status, refused.error?.code]).toEqual([403, 'route_not_allowed'])
  })
})
