import type { GatewayContext } from '../../../src/index.ts'
import { deleteKeys } from '../common/keys.ts'
import { organizationsOf } from '../organizations/find.ts'
import { withMember } from '../teams/members.ts'

/**
 * Deletes a user with their keys and memberships. Blocked first, so that none of their keys is accepted from now on; then
 * keys, memberships and at last the user: were this cut anywhere, no key would be without the limits of its user.
 */
export async function deleteUser(gateway: GatewayContext, id: string): Promise<void> {
  const { directory } = gateway
  await directory.update('user', id, (user) => user && (user.blocked ? user : { ...user, blocked: true }))
  await deleteKeys(directory, (key) => key.user_id === id)
  const teams = (await directory.list('team')).filter((team) =>
    team.members_with_roles.some(({ user_id }) => user_id === id),
  )
  for (const { team_id } of teams) {
    await directory.update('team', team_id, (team) => team && withMember(team, id, undefined))
  }
  for (const { organization_id } of await organizationsOf(gateway, id)) {
    await directory.update(
      'organization',
      organization_id,
      (stored) => stored && { ...stored, members: stored.members.filter(({ user_id }) => user_id !== id) },
    )
  }
  await directory.update('user', id, () => undefined)
  await deleteKeys(directory, (key) => key.user_id === id)
}
