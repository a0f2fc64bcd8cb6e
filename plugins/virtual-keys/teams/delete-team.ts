import type { GatewayContext } from '../../../src/index.ts'
import { deleteKeys } from '../common/keys.ts'

/**
 * Deletes a team and its keys. It is blocked first, so that none of its keys is accepted from now on; then its keys go, then
 * the team: were this cut anywhere, no key would be without the limits of its team.
 */
export async function deleteTeam(gateway: GatewayContext, id: string): Promise<void> {
  const { directory } = gateway
  await directory.update('team', id, (team) => team && (team.blocked ? team : { ...team, blocked: true }))
  await deleteKeys(directory, (key) => key.team_id === id)
  await directory.update('team', id, () => undefined)
  await deleteKeys(directory, (key) => key.team_id === id)
}
