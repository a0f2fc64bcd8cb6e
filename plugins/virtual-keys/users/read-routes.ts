import { invalidRequest, z } from '../../../src/index.ts'
import type { UserDocument } from '../../../src/index.ts'
import { pageQuery, toPage } from '../common/page.ts'
import { addRoute, notFound } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { organizationsOf } from '../organizations/find.ts'
import { forbidden, isOrgAdmin, isProxyAdmin, mayViewAll, mayViewUser } from '../who-may.ts'
import type { Caller } from '../who-may.ts'
import { roleNotes, userInfo, userPage, userRow } from './schemas.ts'
import { toUserRows, visibleKeyRows, visibleTeamRows } from './view.ts'

const tags = ['Users']
const whichUser = z.looseObject({ user_id: z.string().optional().describe('Default: the caller.') })
const filters = {
  role: z.string().optional(),
  user_ids: z.string().optional().describe('Separated by commas.'),
  sso_user_ids: z.string().optional().describe('Separated by commas.'),
  user_email: z.string().optional().describe('Part of an address.'),
  team: z.string().optional().describe('Id of a team that users are in.'),
}
const sortable = ['created_at', 'updated_at', 'user_id', 'user_email', 'user_alias', 'user_role', 'spend']

/** Adds the routes that read users. Everybody sees themselves, organization admins also those of their organization. */
export function addUserReadRoutes(management: Management): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'GET',
    path: '/user/info',
    tags,
    summary: 'A user with their keys and teams',
    query: whichUser,
    response: userInfo,
    async handler({ query, principal: caller }) {
      const id = query['user_id'] ?? caller?.user
      // LiteLLM's answer to an admin who names nobody: all keys and teams.
      if (id === undefined && isProxyAdmin(caller)) {
        const [keys, teams] = await everything(management, caller)
        return { user_id: null, user_info: null, keys, teams }
      }
      const user = await findVisibleUser(management, caller, id)
      const [row] = await toUserRows(management, [user])
      return {
        user_id: user.user_id,
        user_info: row,
        keys: await visibleKeyRows(management, caller, (key) => key.user_id === user.user_id),
        teams: await visibleTeamRows(management, caller, (team) =>
          team.members_with_roles.some(({ user_id }) => user_id === user.user_id),
        ),
      }
    },
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/v2/user/info',
    tags,
    summary: 'A user alone',
    query: whichUser,
    response: userRow,
    async handler({ query, principal: caller }) {
      const user = await findVisibleUser(management, caller, query['user_id'] ?? caller?.user)
      return (await toUserRows(management, [user]))[0]
    },
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/user/list',
    tags,
    summary: 'Users, page by page: proxy admins and viewers all, organization admins those of their organizations',
    query: z.looseObject({ ...filters, ...pageQuery }),
    response: userPage,
    async handler({ query, principal: caller }) {
      const users = await listUsers(management, caller, query)
      const { items, ...page } = toPage(await toUserRows(management, users), { query, sortable, size: 25 })
      const keys = await gateway.directory.list('key')
      const rows = items.map((row) => ({
        ...row,
        key_count: keys.filter(({ user_id }) => user_id === row['user_id']).length,
      }))
      return { users: rows, ...page }
    },
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/user/available_roles',
    tags,
    summary: 'Roles that users may have',
    handler: () => roleNotes,
  })
}

async function everything(management: Management, caller: Caller) {
  return Promise.all([visibleKeyRows(management, caller, () => true), visibleTeamRows(management, caller, () => true)])
}

/** A user that a caller sees. Throws 404, or 403 for those whom their absence is no business of. */
async function findVisibleUser({ gateway }: Management, caller: Caller, id: string | undefined): Promise<UserDocument> {
  if (id === undefined) {
    throw invalidRequest('This key belongs to no user: name one.', 'user_id', 'missing_required_parameter')
  }
  const user = await gateway.directory.get('user', id)
  if (!user || !mayViewUser(caller, user, await organizationsOf(gateway, id))) {
    throw notFound(caller, 'user', 'user_id')
  }
  return user
}

async function listUsers(
  { gateway }: Management,
  caller: Caller,
  query: Readonly<Record<string, string>>,
): Promise<UserDocument[]> {
  const { directory } = gateway
  const visible = await visibleIds(gateway, caller)
  const ids = split(query['user_ids'])
  const ssoIds = split(query['sso_user_ids'])
  const email = query['user_email']?.toLowerCase()
  const team = query['team'] === undefined ? undefined : await directory.get('team', query['team'])
  const members = team?.members_with_roles.map(({ user_id }) => user_id) ?? []
  return (await directory.list('user')).filter(
    (user) =>
      (visible === undefined || visible.has(user.user_id)) &&
      (query['role'] === undefined || user.user_role === query['role']) &&
      (ids === undefined || ids.includes(user.user_id)) &&
      (ssoIds === undefined || ssoIds.includes(user.sso_user_id ?? '')) &&
      (email === undefined || (user.user_email ?? '').toLowerCase().includes(email)) &&
      (query['team'] === undefined || members.includes(user.user_id)),
  )
}

/** Undefined: everybody. */
async function visibleIds(gateway: Management['gateway'], caller: Caller): Promise<ReadonlySet<string> | undefined> {
  if (mayViewAll(caller)) return undefined
  const own = (await gateway.directory.list('organization')).filter((one) => isOrgAdmin(caller, one))
  if (own.length === 0) throw forbidden('Only proxy admins, viewers and organization admins may list users.')
  return new Set(own.flatMap(({ members }) => members.map(({ user_id }) => user_id)))
}

function split(text: string | undefined): string[] | undefined {
  return text?.split(',').map((part) => part.trim())
}
