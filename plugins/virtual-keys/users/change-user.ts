import type { UserDocument } from '../../../src/index.ts'
import { budgetFieldsOf, mergeOther, pick, rest, stamped } from '../common/fields.ts'
import { notFound } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { overwriteSpend } from '../common/set-spend.ts'
import { effective, requireWithin } from '../common/within.ts'
import { organizationsOf } from '../organizations/find.ts'
import { forbidden, isProxyAdmin, mayManageUser, mayViewAll, requireProxyAdmin } from '../who-may.ts'
import type { Caller } from '../who-may.ts'
import { emailTaken, withEmail } from './email.ts'
import { findUser } from './ensure.ts'
import type { UserName } from './ensure.ts'
import { knownUserFields, userFields } from './schemas.ts'

type Body = Readonly<Record<string, unknown>>

export interface ChangeUser {
  readonly caller: Caller
  readonly actor: string
  readonly body: Body
}

/** Changes the user that a body names, by id or else by address. */
export async function changeUser(management: Management, { caller, actor, body }: ChangeUser): Promise<UserDocument> {
  const { gateway } = management
  const id = body['user_id'] ? (body['user_id'] as string) : (await findNamed(management, caller, body)).user_id
  const email = body['user_id'] ? ((body['user_email'] ?? undefined) as string | undefined) : undefined
  const spend = (body['spend'] ?? null) as number | null
  // Who may not change this user learns nothing about addresses.
  const known = await gateway.directory.get('user', id)
  if (!known) throw notFound(caller, 'user', 'user_id')
  await requireManage(management, caller, known)
  const change = async (found?: UserDocument) => {
    if (found && found.user_id !== id) throw emailTaken()
    const stored = await gateway.directory.update('user', id, async (user) => {
      if (!user) throw notFound(caller, 'user', 'user_id')
      await requireManage(management, caller, user)
      const changed = stamped(user, userChanges(user, body), actor)
      if (changed !== user) await requireAllowedUser(management, { caller, before: user, after: changed })
      if (spend !== null) {
        requireProxyAdmin(caller, 'set `spend`')
        await overwriteSpend(management, { kind: 'user', id, fields: [await effective(gateway, changed)] }, spend)
      }
      return changed
    })
    return stored!
  }
  return email === undefined ? change() : withEmail(gateway, email, change)
}

/** What of a body is a user's. `null` clears a field; of a list of models it makes an empty one. */
export function userChanges(user: UserDocument, body: Body): Record<string, unknown> {
  const fields = pick(body, userFields)
  return {
    ...fields,
    ...budgetFieldsOf(body),
    ...(fields['models'] === null ? { models: [] } : {}),
    other: mergeOther(user.other, rest(body, knownUserFields)),
  }
}

/** Throws a 403 unless the caller changes this user. Nobody changes themselves: budgets and roles are others' to give. */
export async function requireManage({ gateway }: Management, caller: Caller, user: UserDocument): Promise<void> {
  if (isProxyAdmin(caller)) return
  // By whatever key: one of an organization acts for its user as well.
  if (caller?.user === user.user_id) throw forbidden('Users may not change themselves: ask an admin.', 'user_id')
  if (mayManageUser(caller, user, await organizationsOf(gateway, user.user_id))) return
  throw mayViewAll(caller)
    ? forbidden('Only proxy admins, and admins of all organizations of this user, may do this.', 'user_id')
    : notFound(caller, 'user', 'user_id')
}

/** Checks what a user is to be: roles over the whole gateway and sign-in names are a proxy admin's to give. */
export async function requireAllowedUser(
  { gateway }: Management,
  { caller, before, after }: { caller: Caller; before: UserDocument | undefined; after: UserDocument },
): Promise<void> {
  await effective(gateway, after)
  if (isProxyAdmin(caller)) return
  for (const name of ['user_role', 'sso_user_id'] as const) {
    if ((before?.[name] ?? null) === (after[name] ?? null)) continue
    if (name === 'user_role' && !after.user_role?.startsWith('proxy_admin')) continue
    throw forbidden(`Only proxy admins may set this \`${name}\`.`, name)
  }
  for (const organization of await organizationsOf(gateway, after.user_id)) {
    await requireWithin(gateway, after, organization)
  }
}

/** By address only those see that there is nobody who see everybody. */
async function findNamed({ gateway }: Management, caller: Caller, body: Body): Promise<UserDocument> {
  try {
    return await findUser(gateway, body as UserName)
  } catch (error) {
    if (mayViewAll(caller) || !body['user_email']) throw error
    throw notFound(caller, 'user', 'user_email')
  }
}
