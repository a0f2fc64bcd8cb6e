import type { GatewayContext } from '../../../src/index.ts'
import { deleteKeys } from '../common/keys.ts'
import { deleteTeam } from '../teams/delete-team.ts'
import { noteOrganization } from './find.ts'

/**
 * Deletes an organization with its teams and keys. Blocked first, so that nothing of it is accepted from now on; then
 * keys, teams and at last itself: were this cut anywhere, nothing would be without the organization's limits.
 */
export async function deleteOrganization(gateway: GatewayContext, id: string): Promise<void> {
  const { directory } = gateway
  const stored = await directory.update('organization', id, (organization) =>
    organization && !organization.blocked ? { ...organization, blocked: true } : organization,
  )
  for (let left = true; left;) {
    const teams = (await directory.list('team')).filter(({ organization_id }) => organization_id === id)
    for (const { team_id } of teams) await deleteTeam(gateway, team_id)
    left = teams.length > 0
  }
  await deleteKeys(directory, (key) => key.organization_id === id)
  await directory.update('organization', id, () => undefined)
  for (const { user_id: userId } of stored?.members ?? []) {
    await noteOrganization(gateway, { userId, organizationId: id, isMember: false })
  }
}
