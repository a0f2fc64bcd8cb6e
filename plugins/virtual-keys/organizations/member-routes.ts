import { invalidRequest } from '../../../src/index.ts'
import type { OrganizationMember, Role } from '../../../src/index.ts'
import { actorOf, addRoute } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { ensureUser } from '../users/ensure.ts'
import type { UserName } from '../users/ensure.ts'
import { forbidden, isProxyAdmin } from '../who-may.ts'
import { findOrganization, noteOrganization, requireManageOrganization } from './find.ts'
import { addOrganizationMembers, changeMembers, organizationMember, requireMayAdd } from './members.ts'
import { addMemberBody, deleteMemberBody, updateMemberBody } from './schemas.ts'
import { toMemberRows } from './view.ts'

const tags = ['Organizations']

interface GivenMember extends UserName {
  readonly role?: Role | null
}

/** Adds the routes of an organization's members: proxy admins and the organization's own. */
export function addOrganizationMemberRoutes({ gateway }: Management): void {
  addRoute(gateway, {
    method: 'POST',
    path: '/organization/member_add',
    tags,
    summary: 'Adds members to an organization; users that do not exist are made',
    body: addMemberBody,
    async handler(request) {
      const { body, principal: caller } = request
      const id = body['organization_id'] as string
      requireManageOrganization(caller, await findOrganization(gateway, caller, id))
      const given = [body['member']].flat() as GivenMember[]
      for (const name of given) await requireMayAdd(gateway, caller, name)
      const budget = toBudget(body['max_budget_in_organization'])
      const members: OrganizationMember[] = []
      for (const name of given) {
        const { user_id } = await ensureUser(gateway, name, actorOf(request))
        members.push({ user_id, user_role: name.role ?? 'internal_user', ...budget })
      }
      const organization = await addOrganizationMembers(gateway, { caller, id, members })
      const rows = await toMemberRows(gateway, organization, members)
      return {
        organization_id: id,
        updated_users: rows.map(({ user_id, user_email }) => ({ user_id, user_email })),
        updated_organization_memberships: rows,
      }
    },
  })
  addRoute(gateway, {
    method: 'PATCH',
    path: '/organization/member_update',
    tags,
    summary: 'Changes a member’s role in an organization',
    body: updateMemberBody,
    async handler({ body, principal: caller }) {
      const id = body['organization_id'] as string
      const found = await findOrganization(gateway, caller, id)
      requireManageOrganization(caller, found)
      const { user_id } = await organizationMember(gateway, found, body as UserName)
      const budget = body['max_budget_in_organization']
      if (budget !== undefined && user_id === caller?.user && !isProxyAdmin(caller)) {
        throw forbidden('Nobody may change their own budget.', 'max_budget_in_organization')
      }
      let member: OrganizationMember | undefined
      const organization = await changeMembers(gateway, {
        caller,
        id,
        change(stored) {
          const before = stored.members.find((one) => one.user_id === user_id)
          if (!before) throw invalidRequest('This user has just left the organization.', 'user_id')
          const { budget: old, ...rest } = before
          const next = budget === undefined ? (old ? { budget: old } : {}) : toBudget(budget)
          member = { ...rest, user_role: (body['role'] as Role | null) ?? before.user_role, ...next }
          const members = stored.members.map((one) => (one === before ? member! : one))
          return { ...stored, members, updated_at: new Date().toISOString() }
        },
      })
      return (await toMemberRows(gateway, organization, [member!]))[0]
    },
  })
  addRoute(gateway, {
    method: 'DELETE',
    path: '/organization/member_delete',
    tags,
    summary: 'Takes a member out of an organization; teams and keys stay',
    body: deleteMemberBody,
    async handler({ body, principal: caller }) {
      const id = body['organization_id'] as string
      const found = await findOrganization(gateway, caller, id)
      requireManageOrganization(caller, found)
      const member = await organizationMember(gateway, found, body as UserName)
      const [row] = await toMemberRows(gateway, found, [member])
      const { user_id: userId } = member
      await changeMembers(gateway, {
        caller,
        id,
        change: (stored) => ({
          ...stored,
          members: stored.members.filter(({ user_id }) => user_id !== userId),
          updated_at: new Date().toISOString(),
        }),
      })
      await noteOrganization(gateway, { userId, organizationId: id, isMember: false })
      return row
    },
  })
}

function toBudget(max: unknown): Pick<OrganizationMember, 'budget'> {
  return typeof max === 'number' ? { budget: { max_budget: max } } : {}
}
