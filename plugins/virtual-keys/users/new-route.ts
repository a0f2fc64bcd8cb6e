import type { RouteRequest, UserDocument } from '../../../src/index.ts'
import { pick } from '../common/fields.ts'
import { actorOf, addRoute } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { generateKey } from '../keys/generate.ts'
import { isProxyAdmin } from '../who-may.ts'
import { createUser } from './create-user.ts'
import { deleteUser } from './delete-user.ts'
import { keyFieldsOfUser, newUserBody, userRow } from './schemas.ts'
import { toUserRows } from './view.ts'

/** What of a key's answer the answer of a new user shows. */
const KEY_FIELDS = ['key', 'key_id', 'token', 'token_id', 'key_name', 'key_alias', 'expires'] as const

/** Adds the route that makes users, with a key unless told otherwise. */
export function addNewUserRoute(management: Management): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'POST',
    path: '/user/new',
    tags: ['Users'],
    summary: 'Makes a user and, unless `auto_create_key` is false, a key, which is shown once',
    body: newUserBody,
    response: userRow,
    async handler(request) {
      const { body, principal: caller } = request
      const user = await createUser(management, { caller, actor: actorOf(request), body })
      const key =
        body['auto_create_key'] === false ? { key: null, expires: null } : await newKey(management, request, user)
      const [row] = await toUserRows(management, [user])
      return { ...row, ...key }
    },
  })
}

/** A key of the new user. Where it is refused (its alias is taken) the user goes again, so that the same call can be repeated. */
async function newKey(
  management: Management,
  request: RouteRequest,
  user: UserDocument,
): Promise<Record<string, unknown>> {
  const { gateway, timezone } = management
  const { body, principal: caller } = request
  const organizations = (body['organizations'] ?? []) as string[]
  // An organization's admin makes keys of the organization only: such a key acts for the user nowhere else.
  const organization = isProxyAdmin(caller) ? undefined : organizations[0]
  const given = pick(body, keyFieldsOfUser)
  const keyBody = { ...given, user_id: user.user_id, ...(organization ? { organization_id: organization } : {}) }
  try {
    // The key is made here, so that there is no need to tell it from the master key.
    const key = await generateKey({ gateway, timezone, masterKey: undefined }, { ...request, body: keyBody })
    return pick(key, KEY_FIELDS)
  } catch (error) {
    await deleteUser(gateway, user.user_id)
    throw error
  }
}
