import { invalidRequest } from '../../../src/index.ts'
import type { RouteRequest, TeamDocument } from '../../../src/index.ts'
import { stamped } from '../common/fields.ts'
import { actorOf, addRoute, unknown } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { overwriteSpend } from '../common/set-spend.ts'
import { effective, requireWithin } from '../common/within.ts'
import {
  defaultPermissions,
  forbidden,
  isOrgAdmin,
  isProxyAdmin,
  memberPermissions,
  requireProxyAdmin,
} from '../who-may.ts'
import { createTeam } from './create-team.ts'
import { deleteTeam } from './delete-team.ts'
import { changeTeam, findTeam, organizationOf, ownsTeam, requireRight } from './find.ts'
import { requireTeamAdminChange } from './rules.ts'
import {
  deleteTeamsBody,
  modelsBody,
  newTeamBody,
  permissionsBody,
  teamBody,
  teamRow,
  updateTeamBody,
} from './schemas.ts'
import { withTeamChanges } from './to-team.ts'
import { toTeamRow } from './view.ts'

const tags = ['Teams']
/** Admits nothing: what is left of a list of models whose last one was taken away, since an empty one admits all. */
const NOTHING = 'no-default-models'
/** What an organization bounds. */
const BOUNDED = ['max_budget', 'tpm_limit', 'rpm_limit', 'models', 'budget_id', 'organization_id'] as const

/** Adds the routes that change teams. */
export function addTeamChangeRoutes(management: Management): void {
  const { gateway } = management
  const row = (team: TeamDocument) => toTeamRow(management, team)

  addRoute(gateway, {
    method: 'POST',
    path: '/team/new',
    tags,
    summary: 'Makes a team',
    body: newTeamBody,
    response: teamRow,
    handler: async (request) =>
      row(await createTeam(management, { caller: request.principal, actor: actorOf(request), body: request.body })),
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/team/update',
    tags,
    summary: 'Changes a team; null clears a field',
    body: updateTeamBody,
    async handler(request) {
      const team = await update(management, request)
      return { team_id: team.team_id, data: await row(team) }
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/team/delete',
    tags,
    summary: 'Deletes teams and their keys',
    body: deleteTeamsBody,
    async handler({ body, principal: caller }) {
      const ids = [...new Set(body['team_ids'] as string[])]
      // All or none: one that may not be deleted spares the others.
      for (const id of ids) {
        const team = await findTeam(gateway, caller, id)
        await requireRight(gateway, { caller, team, right: 'own' })
      }
      for (const id of ids) await deleteTeam(gateway, id)
      return { deleted_teams: ids }
    },
  })
  for (const blocked of [true, false]) {
    addRoute(gateway, {
      method: 'POST',
      path: blocked ? '/team/block' : '/team/unblock',
      tags,
      summary: blocked ? 'Refuses all calls of a team' : 'Takes calls of a team again',
      body: teamBody,
      response: teamRow,
      handler: async (request) =>
        row(
          await changeTeam(gateway, {
            caller: request.principal,
            id: request.body['team_id'] as string,
            right: 'own',
            change: (team) => stamped(team, { blocked }, actorOf(request)),
          }),
        ),
    })
  }
  addModelRoutes(management)
  addPermissionRoutes(management)
}

function update(management: Management, request: RouteRequest): Promise<TeamDocument> {
  const { body, principal: caller } = request
  return changeTeam(management.gateway, {
    caller,
    id: body['team_id'] as string,
    right: 'manage',
    async change(team) {
      const except = isProxyAdmin(caller) ? undefined : caller?.user
      const changed = withTeamChanges(team, body, { actor: actorOf(request), except })
      if (changed !== team) await requireChange(management, { request, team, changed })
      const spend = (body['spend'] ?? null) as number | null
      if (spend !== null) {
        requireProxyAdmin(caller, 'set `spend`')
        const fields = [await effective(management.gateway, changed)]
        await overwriteSpend(management, { kind: 'team', id: team.team_id, fields }, spend)
      }
      return changed
    },
  })
}

interface Change {
  readonly request: RouteRequest
  readonly team: TeamDocument
  readonly changed: TeamDocument
}

/** Who owns a team may do what its organization allows; its own admins less. */
async function requireChange({ gateway }: Management, { request, team, changed }: Change): Promise<void> {
  const { principal: caller } = request
  if (!(await ownsTeam(gateway, caller, team))) await requireTeamAdminChange(gateway, team, changed)
  const organization = await organizationOf(gateway, changed)
  if (changed.organization_id && !organization)
    throw unknown('organization', 'organization_id', changed.organization_id)
  const moved = (changed.organization_id ?? null) !== (team.organization_id ?? null)
  if (moved && !isProxyAdmin(caller) && !isOrgAdmin(caller, organization)) {
    throw forbidden('Only admins of both organizations, or of the proxy, may move a team.', 'organization_id')
  }
  await effective(gateway, changed)
  // A team that was given more before its organization got less can still be changed otherwise.
  if (BOUNDED.some((name) => changed[name] !== team[name])) await requireWithin(gateway, changed, organization)
}

function addModelRoutes(management: Management): void {
  const { gateway } = management
  const change = (request: RouteRequest, models: (team: TeamDocument, given: readonly string[]) => string[]) =>
    changeTeam(gateway, {
      caller: request.principal,
      id: request.body['team_id'] as string,
      right: 'manage',
      async change(team) {
        const next = models(team, request.body['models'] as string[])
        const changed = stamped(team, { models: next }, actorOf(request))
        if (changed !== team) await requireChange(management, { request, team, changed })
        return changed
      },
    })
  addRoute(gateway, {
    method: 'POST',
    path: '/team/model/add',
    tags,
    summary: 'Lets a team use more models',
    body: modelsBody,
    response: teamRow,
    handler: async (request) => {
      const team = await change(request, ({ models }, given) => {
        const all = [...new Set([...models, ...given])]
        return given.length > 0 ? all.filter((model) => model !== NOTHING || given.includes(NOTHING)) : all
      })
      return toTeamRow(management, team)
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/team/model/delete',
    tags,
    summary: `Takes models from a team; of the last one ${NOTHING} is left, since an empty list admits all`,
    body: modelsBody,
    response: teamRow,
    handler: async (request) => {
      const team = await change(request, ({ models, team_id }, given) => {
        if (models.length === 0) {
          throw invalidRequest(`Team \`${team_id}\` has no list of models: it may use all.`, 'models')
        }
        const left = models.filter((model) => !given.includes(model))
        return left.length > 0 ? left : [NOTHING]
      })
      return toTeamRow(management, team)
    },
  })
}

function addPermissionRoutes(management: Management): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'GET',
    path: '/team/permissions_list',
    tags,
    summary: 'What members of a team may do with its keys',
    query: teamBody,
    async handler({ query, principal: caller }) {
      const team = await findTeam(gateway, caller, query['team_id']!)
      return {
        team_id: team.team_id,
        team_member_permissions: team.team_member_permissions ?? defaultPermissions,
        all_available_permissions: memberPermissions,
      }
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/team/permissions_update',
    tags,
    summary: 'Sets what members of a team may do with its keys',
    body: permissionsBody,
    response: teamRow,
    handler: async (request) =>
      toTeamRow(
        management,
        await changeTeam(gateway, {
          caller: request.principal,
          id: request.body['team_id'] as string,
          right: 'manage',
          change: (team) =>
            stamped(team, { team_member_permissions: request.body['team_member_permissions'] }, actorOf(request)),
        }),
      ),
  })
}
