import { addRoute } from '../common/route.ts'
import { resetSpend, setBlocked, updateKey, updateKeys } from './change.ts'
import { deleteKeysOf } from './delete.ts'
import { generateKey } from './generate.ts'
import type { KeyManagement } from './owners.ts'
import { keyInfoOf, keyInfosOf, listAliases, listKeys } from './read.ts'
import { regenerateKey } from './regenerate.ts'
import * as schemas from './schemas.ts'

const tags = ['Keys']

/** Adds the routes of keys. Any accepted key reaches them; who may do what is for each to say. */
export function addKeyRoutes(management: KeyManagement): void {
  addReadRoutes(management)
  addWriteRoutes(management)
}

function addReadRoutes(management: KeyManagement): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'GET',
    path: '/key/info',
    operationId: 'getKeyInfo',
    tags,
    summary: 'Reads a key, by default the one that asks',
    query: schemas.infoQuery,
    response: schemas.keyInfo,
    handler: (request) => keyInfoOf(management, request),
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/v2/key/info',
    operationId: 'getKeyInfos',
    tags,
    summary: 'Reads several keys',
    body: schemas.infosBody,
    response: schemas.keyInfos,
    handler: (request) => keyInfosOf(management, request),
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/key/list',
    operationId: 'listKeys',
    tags,
    summary: 'Lists keys: a caller’s own, and those it manages',
    query: schemas.listQuery,
    response: schemas.keyList,
    handler: (request) => listKeys(management, request),
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/key/aliases',
    operationId: 'listKeyAliases',
    tags,
    summary: 'Lists the names of keys',
    query: schemas.aliasesQuery,
    response: schemas.aliasList,
    handler: (request) => listAliases(management, request),
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/key/health',
    operationId: 'checkKey',
    tags,
    summary: 'Says that the key that asks is accepted, and whether its callbacks would run',
    async handler({ principal }) {
      const logging = principal?.metadata?.['logging']
      if (!Array.isArray(logging) || logging.length === 0) return { key: 'healthy', logging_callbacks: null }
      const callbacks = (logging as { callback_name?: unknown }[]).map(({ callback_name: name }) => String(name))
      const details = 'Callbacks of a key do not run here: put them into the config.'
      return { key: 'unhealthy', logging_callbacks: { callbacks, status: 'unhealthy', details } }
    },
  })
}

function addWriteRoutes(management: KeyManagement): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'POST',
    path: '/key/generate',
    operationId: 'generateKey',
    tags,
    summary: 'Makes a key; it is shown once',
    body: schemas.generateBody,
    response: schemas.newKey,
    handler: (request) => generateKey(management, request),
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/key/service-account/generate',
    operationId: 'generateServiceAccountKey',
    tags,
    summary: 'Makes a key of a team that belongs to no user',
    body: schemas.serviceAccountBody,
    response: schemas.newKey,
    handler: (request) => generateKey(management, request, { serviceAccount: true }),
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/key/update',
    operationId: 'updateKey',
    tags,
    summary: 'Changes a key; null clears a field',
    body: schemas.updateBody,
    response: schemas.keyRow,
    handler: (request) => updateKey(management, request),
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/key/bulk_update',
    operationId: 'updateKeys',
    tags,
    summary: 'Changes many keys, each by itself',
    body: schemas.bulkUpdateBody,
    handler: (request) => updateKeys(management, request),
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/key/delete',
    operationId: 'deleteKeys',
    tags,
    summary: 'Deletes keys, by themselves, their hashes or their aliases',
    body: schemas.deleteBody,
    handler: (request) => deleteKeysOf(gateway, request),
  })
  for (const blocked of [true, false]) {
    addRoute(gateway, {
      method: 'POST',
      path: blocked ? '/key/block' : '/key/unblock',
      operationId: blocked ? 'blockKey' : 'unblockKey',
      tags,
      summary: blocked ? 'Refuses all calls with a key' : 'Takes calls with a key again',
      body: schemas.whichBody,
      response: schemas.keyRow,
      handler: (request) => setBlocked(management, request, blocked),
    })
  }
  for (const path of ['/key/regenerate', '/key/:key/regenerate']) {
    addRoute(gateway, {
      method: 'POST',
      path,
      operationId: path === '/key/regenerate' ? 'regenerateKey' : 'regenerateKeyByPath',
      tags,
      summary: 'Replaces a key by a new one, at once or with a grace period',
      body: path === '/key/regenerate' ? schemas.regenerateBody : schemas.regeneratePathBody,
      response: schemas.newKey,
      handler: (request) => regenerateKey(management, request),
    })
  }
  addRoute(gateway, {
    method: 'POST',
    path: '/key/:key/reset_spend',
    operationId: 'resetKeySpend',
    tags,
    summary: 'Lowers what a key spent',
    body: schemas.resetSpendBody,
    handler: (request) => resetSpend(management, request),
  })
}
