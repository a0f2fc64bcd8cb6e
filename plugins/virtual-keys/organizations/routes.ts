import { invalidRequest, z } from '../../../src/index.ts'
import type { OrganizationDocument } from '../../../src/index.ts'
import { budgetFieldsOf, mergeOther, newStamps, pick, rest, stamped, text, withChanges } from '../common/fields.ts'
import { actorOf, addRoute, unknown } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { startSpend } from '../common/set-spend.ts'
import { effective } from '../common/within.ts'
import { mayViewOrganization, requireProxyAdmin } from '../who-may.ts'
import { deleteOrganization } from './delete-organization.ts'
import { findOrganization } from './find.ts'
import {
  deleteOrganizationsBody,
  knownOrganizationFields,
  newOrganizationBody,
  organizationFields,
  organizationRow,
  updateOrganizationBody,
} from './schemas.ts'
import { toFullRow, toOrganizationRows } from './view.ts'

const tags = ['Organizations']

/** Adds the routes of organizations. Proxy admins change them; their members see them. */
export function addOrganizationRoutes(management: Management): void {
  const { gateway } = management
  const { directory } = gateway
  addRoute(gateway, {
    method: 'POST',
    path: '/organization/new',
    tags,
    summary: 'Makes an organization',
    body: newOrganizationBody,
    response: organizationRow,
    async handler(request) {
      const { body, principal } = request
      requireProxyAdmin(principal, 'make organizations')
      const id = (body['organization_id'] ?? crypto.randomUUID()) as string
      const empty: OrganizationDocument = {
        organization_id: id,
        models: [],
        members: [],
        ...newStamps(actorOf(request)),
      }
      const organization = withChanges(empty, changesOf(empty, body))
      const fields = [await effective(gateway, organization)]
      await directory.update('organization', id, async (stored) => {
        if (stored) {
          throw invalidRequest(`There is an organization \`${id}\` already.`, 'organization_id', 'organization_exists')
        }
        await startSpend(management, { kind: 'organization', id, fields }, 0)
        return organization
      })
      return toFullRow(management, organization, principal)
    },
  })
  addRoute(gateway, {
    method: 'PATCH',
    path: '/organization/update',
    tags,
    summary: 'Changes an organization; null clears a field',
    body: updateOrganizationBody,
    response: organizationRow,
    async handler(request) {
      const { body, principal } = request
      requireProxyAdmin(principal, 'change organizations')
      const id = body['organization_id'] as string
      const organization = await directory.update('organization', id, async (stored) => {
        if (!stored) throw unknown('organization', 'organization_id', id)
        const changed = stamped(stored, changesOf(stored, body), actorOf(request))
        await effective(gateway, changed)
        return changed
      })
      return toFullRow(management, organization!, principal)
    },
  })
  addRoute(gateway, {
    method: 'DELETE',
    path: '/organization/delete',
    tags,
    summary: 'Deletes organizations with their teams and all keys of these',
    body: deleteOrganizationsBody,
    response: z.array(organizationRow),
    async handler({ body, principal }) {
      requireProxyAdmin(principal, 'delete organizations')
      const organizations: OrganizationDocument[] = []
      for (const id of new Set(body['organization_ids'] as string[])) {
        const organization = await directory.get('organization', id)
        if (!organization) throw unknown('organization', 'organization_ids', id)
        organizations.push(organization)
      }
      const rows = await toOrganizationRows(management, organizations)
      for (const { organization_id: id } of organizations) await deleteOrganization(gateway, id)
      return rows
    },
  })
  addReadRoutes(management)
}

function addReadRoutes(management: Management): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'GET',
    path: '/organization/info',
    tags,
    summary: 'An organization with its members and teams',
    query: z.looseObject({ organization_id: text }),
    response: organizationRow,
    handler: async ({ query, principal }) =>
      toFullRow(management, await findOrganization(gateway, principal, query['organization_id']!), principal),
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/organization/list',
    tags,
    summary: 'All organizations that the caller sees',
    query: z.looseObject({
      org_id: z.string().optional(),
      org_alias: z.string().optional().describe('Part of an alias.'),
    }),
    response: z.array(organizationRow),
    async handler({ query, principal }) {
      const alias = query['org_alias']?.toLowerCase()
      const visible = (await gateway.directory.list('organization')).filter(
        (organization) =>
          mayViewOrganization(principal, organization) &&
          (query['org_id'] === undefined || organization.organization_id === query['org_id']) &&
          (alias === undefined || (organization.organization_alias ?? '').toLowerCase().includes(alias)),
      )
      return Promise.all(visible.map((organization) => toFullRow(management, organization, principal)))
    },
  })
}

function changesOf(
  organization: OrganizationDocument,
  body: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const fields = pick(body, organizationFields)
  return {
    ...fields,
    ...budgetFieldsOf(body),
    ...(fields['models'] === null ? { models: [] } : {}),
    other: mergeOther(organization.other, rest(body, knownOrganizationFields)),
  }
}
