import { invalidRequest } from '../../../src/index.ts'
import type { GatewayContext, UserDocument } from '../../../src/index.ts'
import { newStamps } from '../common/fields.ts'
import { unknown } from '../common/route.ts'
import { emailTaken, findByEmail, withEmail } from './email.ts'

/** How bodies name a user: by id, by address, or both. */
export interface UserName {
  readonly user_id?: string | null | undefined
  readonly user_email?: string | null | undefined
}

/** The user of a name. Throws 404 where there is none, 400 where an address means several. */
export async function findUser(gateway: GatewayContext, name: UserName): Promise<UserDocument> {
  const { user_id: id, user_email: email } = name
  if (id) {
    const user = await gateway.directory.get('user', id)
    if (!user) throw unknown('user', 'user_id', id)
    return user
  }
  if (!email) throw nobody()
  const user = await findByEmail(gateway, email)
  if (!user) throw unknown('user', 'user_email', email)
  return user
}

/**
 * The user of a name, made where there is none: whoever is added to a team or organization need not be made before. A user
 * made here has no role and no limits of their own.
 */
export async function ensureUser(gateway: GatewayContext, name: UserName, actor: string): Promise<UserDocument> {
  const { user_id: id, user_email: email } = name
  if (!id && !email) throw nobody()
  const known = id ? await gateway.directory.get('user', id) : undefined
  if (known) return known
  if (!email) return createIfAbsent(gateway, { id: id!, actor })
  return withEmail(gateway, email, async (found) => {
    if (id && found && found.user_id !== id) throw emailTaken()
    return found ?? createIfAbsent(gateway, { id: id ?? crypto.randomUUID(), email, actor })
  })
}

async function createIfAbsent(
  gateway: GatewayContext,
  { id, email, actor }: { id: string; email?: string; actor: string },
): Promise<UserDocument> {
  const user = await gateway.directory.update('user', id, (stored) => {
    if (stored) return stored
    const made: UserDocument = { user_id: id, models: [], ...newStamps(actor) }
    return email ? { ...made, user_email: email } : made
  })
  return user!
}

function nobody() {
  return invalidRequest('Name a user by `user_id` or `user_email`.', 'user_id', 'missing_required_parameter')
}
