import { onTestFinished } from 'vitest'
import { createGateway, definePlugin, z } from '../../../src/index.ts'
import type { Gateway, GatewayConfig, GatewayContext } from '../../../src/index.ts'

export const MASTER = 'sk-master-0123456789'

export type Json = Record<string, unknown>

/** An answer, its body read. */
export interface Answered {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- what tests look into
  readonly body: any
}

export interface Api {
  readonly gateway: Gateway
  readonly context: GatewayContext
  call(method: string, path: string, options?: { body?: unknown; key?: string }): Promise<Answered>
  /** With the master key unless another is given. */
  post(path: string, body: unknown, key?: string): Promise<Answered>
  get(path: string, key?: string): Promise<Answered>
  /** Makes a key; returns it in plain. */
  key(body: Json): Promise<string>
  /** Calls the mock model; returns the status. */
  chat(key: string): Promise<number>
}

/** A gateway with a master key and the mock model, in memory. */
export async function startApi(plugins: Record<string, unknown> = {}, config: GatewayConfig = {}): Promise<Api> {
  let context: GatewayContext | undefined
  const peek = definePlugin({
    name: 'peek',
    options: z.object({}),
    setup: (_options, given) => void (context = given),
  })
  const gateway = await createGateway(
    {
      use: [peek],
      models: [
        { name: 'mock', model: 'mock/mock' },
        { name: 'other', model: 'mock/mock' },
      ],
      providers: { mock: { pace: 0, latency: 0 } },
      plugins: { 'master-key': { key: MASTER }, ...plugins },
      ...config,
    },
    { env: {} },
  )
  onTestFinished(() => gateway.close())
  const call: Api['call'] = async (method, path, { body, key = MASTER } = {}) => {
    const response = await gateway.fetch(`http://gateway${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  const api: Api = {
    gateway,
    context: context!,
    call,
    post: (path, body, key) => call('POST', path, { body, ...(key === undefined ? {} : { key }) }),
    get: (path, key) => call('GET', path, key === undefined ? {} : { key }),
    async key(body) {
      const { status, body: made } = await api.post('/key/generate', body)
      if (status !== 200) throw new Error(`no key: ${JSON.stringify(made)}`)
      return made.key
    },
    async chat(key) {
      const body = { model: 'mock', messages: [{ role: 'user', content: 'Hi' }] }
      return (await api.post('/v1/chat/completions', body, key)).status
    },
  }
  return api
}

/** Keys of callers of every role, by the role's name. */
export type Callers = Record<
  | 'master'
  | 'admin'
  | 'viewer'
  | 'orgAdmin'
  | 'otherOrgAdmin'
  | 'teamAdmin'
  | 'member'
  | 'stranger'
  | 'readOnly'
  | 'service',
  string
>

/**
 * Two organizations, each with a team; `alpha` (of `org-a`) has an admin and a member; a caller of every role.
 */
export async function startWorld(): Promise<Api & { callers: Callers }> {
  const api = await startApi()
  const must = async (answer: Promise<Answered>) => {
    const { status, body } = await answer
    if (status !== 200) throw new Error(`the world could not be made: ${JSON.stringify(body)}`)
    return body
  }
  const organization = (id: string, budget: number) =>
    must(api.post('/organization/new', { organization_id: id, organization_alias: id, max_budget: budget }))
  await organization('org-a', 100)
  await organization('org-b', 100)
  const user = async (id: string, fields: Json = {}) => {
    const made = await must(api.post('/user/new', { user_id: id, ...fields }))
    return made.key as string
  }
  const callers: Partial<Callers> = { master: MASTER }
  callers.admin = await user('admin', { user_role: 'proxy_admin' })
  callers.viewer = await user('viewer', { user_role: 'proxy_admin_viewer' })
  callers.readOnly = await user('read-only', { user_role: 'internal_user_viewer' })
  callers.stranger = await user('stranger', { user_role: 'internal_user' })
  for (const [name, id, org] of [
    ['orgAdmin', 'org-admin', 'org-a'],
    ['otherOrgAdmin', 'other-org-admin', 'org-b'],
  ] as const) {
    callers[name] = await user(id, { user_role: 'internal_user' })
    await must(
      api.post('/organization/member_add', { organization_id: org, member: { user_id: id, role: 'org_admin' } }),
    )
  }
  callers.teamAdmin = await user('team-admin', { user_role: 'internal_user' })
  callers.member = await user('member', { user_role: 'internal_user' })
  await must(
    api.post('/team/new', {
      team_id: 'alpha',
      team_alias: 'Alpha',
      organization_id: 'org-a',
      max_budget: 50,
      models: ['mock', 'other'],
      members_with_roles: [
        { user_id: 'team-admin', role: 'admin' },
        { user_id: 'member', role: 'user' },
        { user_id: 'read-only', role: 'user' },
      ],
    }),
  )
  await must(api.post('/team/new', { team_id: 'beta', organization_id: 'org-b' }))
  await must(
    api.post('/team/new', {
      team_id: 'limited',
      organization_id: 'org-a',
      metadata: { model_rpm_limit: { mock: 5 } },
      admins: ['team-admin'],
    }),
  )
  callers.service = await api.key({ team_id: 'alpha', key_alias: 'service' })
  return { ...api, callers: callers as Callers }
}
