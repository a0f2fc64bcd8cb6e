import type { GatewayContext, OrganizationDocument } from '../../../src/index.ts'
import { notFound } from '../common/route.ts'
import { forbidden, mayManageOrganization, mayViewOrganization } from '../who-may.ts'
import type { Caller } from '../who-may.ts'

/** The organizations that a user is in. */
export async function organizationsOf(gateway: GatewayContext, userId: string): Promise<OrganizationDocument[]> {
  const all = await gateway.directory.list('organization')
  return all.filter(({ members }) => members.some(({ user_id }) => user_id === userId))
}

/** An organization that a caller sees. Throws 404, or 403 for those whom its absence is no business of. */
export async function findOrganization(
  gateway: GatewayContext,
  caller: Caller,
  id: string,
): Promise<OrganizationDocument> {
  const organization = await gateway.directory.get('organization', id)
  if (!organization || !mayViewOrganization(caller, organization)) {
    throw notFound(caller, 'organization', 'organization_id')
  }
  return organization
}

/** Throws a 403 unless the caller changes the organization's members. */
export function requireManageOrganization(caller: Caller, organization: OrganizationDocument): void {
  if (mayManageOrganization(caller, organization)) return
  throw forbidden('Only admins of this organization or of the proxy may do this.', 'organization_id')
}

/** Keeps a user's own list of organizations. The organization's members are what counts; this is so that a user shows it. */
export async function noteOrganization(
  gateway: GatewayContext,
  { userId, organizationId, isMember }: { userId: string; organizationId: string; isMember: boolean },
): Promise<void> {
  await gateway.directory.update('user', userId, (user) => {
    if (!user || (user.organizations ?? []).includes(organizationId) === isMember) return user
    const others = (user.organizations ?? []).filter((id) => id !== organizationId)
    return { ...user, organizations: isMember ? [...others, organizationId] : others }
  })
}
