import type { GatewayContext, OrganizationDocument, TeamDocument } from '../../../src/index.ts'
import { notFound } from '../common/route.ts'
import { forbidden, isOrgAdmin, isProxyAdmin, mayManageTeam, mayViewTeam } from '../who-may.ts'
import type { Caller } from '../who-may.ts'

/** The organization that a team belongs to. */
export async function organizationOf(
  gateway: GatewayContext,
  { organization_id: id }: Pick<TeamDocument, 'organization_id'>,
): Promise<OrganizationDocument | undefined> {
  return id ? await gateway.directory.get('organization', id) : undefined
}

/** Whether a caller changes a team. */
export async function mayManageTeamOf(gateway: GatewayContext, caller: Caller, team: TeamDocument): Promise<boolean> {
  return mayManageTeam(caller, team, await organizationOf(gateway, team))
}

/** Who changes a team beyond its members: proxy admins and those of its organization. */
export async function ownsTeam(gateway: GatewayContext, caller: Caller, team: TeamDocument): Promise<boolean> {
  return isProxyAdmin(caller) || isOrgAdmin(caller, await organizationOf(gateway, team))
}

/** A team that a caller sees. Throws 404, or 403 for those whom its absence is no business of. */
export async function findTeam(gateway: GatewayContext, caller: Caller, id: string): Promise<TeamDocument> {
  const team = await gateway.directory.get('team', id)
  if (!team) throw notFound(caller, 'team', 'team_id')
  if (!mayViewTeam(caller, team, await organizationOf(gateway, team))) throw notFound(caller, 'team', 'team_id')
  return team
}

/**
 * Who may: `manage` team admins too, `own` proxy and organization admins only; `join` anybody, where that was found to be
 * right before.
 */
export type TeamRight = 'manage' | 'own' | 'join'

export interface ChangeTeam {
  readonly caller: Caller
  readonly id: string
  readonly right: TeamRight
  /** Gets what is stored, the right checked; returns what is to be. */
  change(team: TeamDocument): TeamDocument | Promise<TeamDocument>
}

/** Changes a team in one step: rights are checked against what is stored at that moment. */
export async function changeTeam(
  gateway: GatewayContext,
  { caller, id, right, change }: ChangeTeam,
): Promise<TeamDocument> {
  const stored = await gateway.directory.update('team', id, async (team) => {
    if (!team) throw notFound(caller, 'team', 'team_id')
    await requireRight(gateway, { caller, team, right })
    return change(team)
  })
  return stored!
}

/** Throws a 403 unless the caller may change a team. */
export async function requireRight(
  gateway: GatewayContext,
  { caller, team, right }: { caller: Caller; team: TeamDocument; right: TeamRight },
): Promise<void> {
  if (right === 'join') return
  const may = right === 'manage' ? await mayManageTeamOf(gateway, caller, team) : await ownsTeam(gateway, caller, team)
  if (may) return
  throw forbidden(
    right === 'manage'
      ? 'Only admins of this team, of its organization or of the proxy may do this.'
      : 'Only admins of the organization of this team or of the proxy may do this.',
    'team_id',
  )
}
