import { invalidRequest } from '../../../src/index.ts'
import type { GatewayContext, OrganizationDocument, OrganizationMember } from '../../../src/index.ts'
import { notFound, unknown } from '../common/route.ts'
import { findByEmail } from '../users/email.ts'
import type { UserName } from '../users/ensure.ts'
import { forbidden, isOrgAdmin, isProxyAdmin } from '../who-may.ts'
import type { Caller } from '../who-may.ts'
import { noteOrganization, organizationsOf, requireManageOrganization } from './find.ts'

export interface ChangeOrganization {
  readonly caller: Caller
  readonly id: string
  change(organization: OrganizationDocument): OrganizationDocument
}

/** Changes an organization's members in one step: rights are checked against what is stored at that moment. */
export async function changeMembers(
  gateway: GatewayContext,
  { caller, id, change }: ChangeOrganization,
): Promise<OrganizationDocument> {
  const stored = await gateway.directory.update('organization', id, (organization) => {
    if (!organization) throw notFound(caller, 'organization', 'organization_id')
    requireManageOrganization(caller, organization)
    return change(organization)
  })
  return stored!
}

/** Puts users into an organization. Throws 400 for one who is in it already. */
export async function addOrganizationMembers(
  gateway: GatewayContext,
  { caller, id, members }: { caller: Caller; id: string; members: readonly OrganizationMember[] },
): Promise<OrganizationDocument> {
  const organization = await changeMembers(gateway, {
    caller,
    id,
    change(stored) {
      const all = [...stored.members]
      for (const member of members) {
        if (all.some(({ user_id }) => user_id === member.user_id)) {
          throw invalidRequest(
            `User \`${member.user_id}\` is in this organization already.`,
            'member.user_id',
            'organization_member_exists',
          )
        }
        all.push(member)
      }
      return { ...stored, members: all, updated_at: new Date().toISOString() }
    },
  })
  for (const { user_id: userId } of members) {
    await noteOrganization(gateway, { userId, organizationId: id, isMember: true })
  }
  return organization
}

/**
 * An organization's admin manages its users. So that nobody comes to manage a user by putting them into their organization,
 * only proxy admins add users that exist and are in none of the caller's organizations. Throws 403.
 */
export async function requireMayAdd(gateway: GatewayContext, caller: Caller, name: UserName): Promise<void> {
  if (isProxyAdmin(caller)) return
  const user = name.user_id
    ? await gateway.directory.get('user', name.user_id)
    : name.user_email
      ? await findByEmail(gateway, name.user_email)
      : undefined
  if (!user) return
  const organizations = await organizationsOf(gateway, user.user_id)
  if (organizations.some((organization) => isOrgAdmin(caller, organization))) return
  throw forbidden('Only proxy admins may add a user who exists already.', 'member')
}

/** The member of a name. Throws 404 where the organization has none. */
export async function organizationMember(
  gateway: GatewayContext,
  organization: OrganizationDocument,
  name: UserName,
): Promise<OrganizationMember> {
  const { user_id: given, user_email: email } = name
  if (!given && !email) {
    throw invalidRequest('Name a member by `user_id` or `user_email`.', 'user_id', 'missing_required_parameter')
  }
  const id = given ?? (await findByEmail(gateway, email!))?.user_id
  const member = organization.members.find(({ user_id }) => user_id === id)
  if (!member) throw unknown('organization member', given ? 'user_id' : 'user_email', (given ?? email)!)
  return member
}
