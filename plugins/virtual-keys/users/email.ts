import { invalidRequest, storageKey } from '../../../src/index.ts'
import type { GatewayContext, GatewayError, UserDocument } from '../../../src/index.ts'

/** The user of an address, if there is one. Throws 400 where there are several. */
export async function findByEmail(gateway: GatewayContext, email: string): Promise<UserDocument | undefined> {
  const wanted = email.toLowerCase()
  const found = (await gateway.directory.list('user')).filter((user) => user.user_email?.toLowerCase() === wanted)
  if (found.length > 1) throw invalidRequest('Several users have this address: name one by `user_id`.', 'user_email')
  return found[0]
}

/**
 * Runs what gives a user an address, one at a time over all nodes, with the user who has it now. Who took an address last
 * is written down beside the users, since another node's list of users may be a moment behind.
 * @param work returns the user who has the address from then on
 */
export async function withEmail(
  gateway: GatewayContext,
  email: string,
  work: (found: UserDocument | undefined) => Promise<UserDocument>,
): Promise<UserDocument> {
  const { directory, storage } = gateway
  const wanted = email.toLowerCase()
  let result: UserDocument | undefined
  // A document that is never written: only its lock is wanted. No user has such an id (see `userId`).
  await directory.update('user', `\u0000email:${wanted}`, async () => {
    const place = storageKey('user-email', wanted)
    const taker = await storage.getItem<string>(place)
    // As it is in storage now, not as it was a moment ago.
    const fresh = typeof taker === 'string' ? await directory.update('user', taker, (user) => user) : undefined
    result = await work(fresh?.user_email?.toLowerCase() === wanted ? fresh : await findByEmail(gateway, email))
    await storage.setItem(place, result.user_id)
    return undefined
  })
  return result!
}

/** The 400 of an address that another user has. */
export function emailTaken(): GatewayError {
  return invalidRequest('There is a user with this address already.', 'user_email', 'user_exists')
}
