import { GatewayError, invalidRequest } from '../../../src/index.ts'
import type { RouteRequest, UserDocument } from '../../../src/index.ts'
import { actorOf, addRoute, notFound } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { checkBody } from '../common/check-body.ts'
import { requireProxyAdmin } from '../who-may.ts'
import { changeUser, requireManage } from './change-user.ts'
import { deleteUser } from './delete-user.ts'
import { bulkUpdateBody, deleteUsersBody, updateUserBody } from './schemas.ts'
import { toUserRows } from './view.ts'

const tags = ['Users']

/** Adds the routes that change and delete users. */
export function addUserChangeRoutes(management: Management): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'POST',
    path: '/user/update',
    tags,
    summary: 'Changes a user; null clears a field',
    body: updateUserBody,
    async handler(request) {
      const user = await change(management, request, request.body)
      return { user_id: user.user_id, data: (await toUserRows(management, [user]))[0] }
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/user/bulk_update',
    tags,
    summary: 'Changes many users, each by itself',
    body: bulkUpdateBody,
    handler: (request) => bulkUpdate(management, request),
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/user/delete',
    tags,
    summary: 'Deletes users, their keys and memberships; answers how many',
    body: deleteUsersBody,
    async handler({ body, principal: caller }) {
      const ids = [...new Set(body['user_ids'] as string[])]
      // All or none: one that may not be deleted spares the others.
      for (const id of ids) {
        const user = await gateway.directory.get('user', id)
        if (!user) throw notFound(caller, 'user', 'user_ids')
        await requireManage(management, caller, user)
      }
      for (const id of ids) await deleteUser(gateway, id)
      return ids.length
    },
  })
}

function change(management: Management, request: RouteRequest, body: RouteRequest['body']): Promise<UserDocument> {
  return changeUser(management, { caller: request.principal, actor: actorOf(request), body })
}

async function bulkUpdate(management: Management, request: RouteRequest): Promise<Record<string, unknown>> {
  const { body, principal: caller } = request
  const all = body['all_users'] === true
  if (all) requireProxyAdmin(caller, 'change all users')
  const updates = (body['user_updates'] ?? {}) as Record<string, unknown>
  const given: Record<string, unknown>[] = all
    ? (await management.gateway.directory.list('user')).map(({ user_id }) => ({ ...updates, user_id }))
    : ((body['users'] ?? []) as Record<string, unknown>[])
  if (given.length === 0) throw invalidRequest('Name `users`, or set `all_users` with `user_updates`.', 'users')
  const results: Record<string, unknown>[] = []
  for (const one of given) {
    const result = { user_id: one['user_id'] ?? null, user_email: one['user_email'] ?? null }
    try {
      checkBody(updateUserBody, one)
      const user = await change(management, request, one)
      const [row] = await toUserRows(management, [user])
      results.push({ ...result, user_id: user.user_id, success: true, error: null, updated_user: row })
    } catch (error) {
      // What is wrong with one user is said of that one.
      if (!(error instanceof GatewayError) || error.status >= 500) throw error
      results.push({ ...result, success: false, error: error.message })
    }
  }
  const updated = results.filter(({ success }) => success === true).length
  return {
    results,
    total_requested: given.length,
    successful_updates: updated,
    failed_updates: given.length - updated,
  }
}
