import type { GatewayContext } from '../../src/index.ts'
import { toViewer } from './administered.ts'
import type { Viewer } from './administered.ts'
import { answerPage, answerWhole, ask, toResponse } from './answer-report.ts'
import {
  areDays,
  querySchema,
  readCursor,
  readDays,
  readDollars,
  readKey,
  readNames,
  readNumber,
  readTimes,
} from './query.ts'
import type { Query } from './query.ts'
import { BY_TIME } from './reports/cursor.ts'
import type { LogFilter } from './reports/spend-logs.ts'
import type { Store } from './store.ts'
import { narrow, seesNothing, visibleLogs } from './visible.ts'

const DATES = ['start_date', 'end_date'] as const
const CSV_PAGE = 1000
const PAGING = ['cursor', 'page', 'page_size'] as const
const LOG_FILTERS = [
  'request_id',
  'api_key',
  'user_id',
  'team_id',
  'end_user',
  'model',
  'provider',
  'session_id',
  'status_filter',
  'min_spend',
  'max_spend',
  ...DATES,
] as const
/** What daily sums can be narrowed by. With any other filter there are rows. */
const SUM_FILTERS: ReadonlySet<string> = new Set(['api_key', 'user_id', 'model', ...DATES])

/** Adds the routes that answer rows. */
export function addLogRoutes(gateway: GatewayContext, store: Store): void {
  gateway.route({
    method: 'GET',
    path: '/spend/logs',
    access: 'key',
    tags: ['Spend'],
    summary:
      'Calls, newest first; with both dates their sums by day, unless `summarize=false` or a filter that sums do not know',
    query: querySchema(...LOG_FILTERS, 'summarize', 'limit', 'cursor'),
    async handler({ query, principal }) {
      const viewer = await toViewer(gateway.directory, principal, query)
      const dates = query['start_date'] && query['end_date'] && query['summarize'] !== 'false' && areDays(query)
      const summed = dates && LOG_FILTERS.every((name) => query[name] === undefined || SUM_FILTERS.has(name))
      if (summed) return summary(store, query, viewer)
      const filter = logFilter(query, viewer)
      const csv = query['format'] === 'csv'
      if (csv && query['limit'] === undefined && query['cursor'] === undefined) return csvOf(store, filter)
      const limit = readNumber(query, 'limit', { fallback: 100, max: 1000 })
      // A bare list, as LiteLLM answers; where it goes on is in a header.
      const args = { filter, limit, cursor: readCursor(query, BY_TIME), texts: !csv, bare: true }
      return answerPage(store, { name: 'logPage', args, format: csv ? 'csv' : 'json' })
    },
  })
  gateway.route({
    method: 'GET',
    path: ['/spend/logs/v2', '/spend/logs/ui'],
    access: 'key',
    tags: ['Spend'],
    summary: 'Calls, newest first, a page at a time; without prompts',
    query: querySchema(...LOG_FILTERS, ...PAGING),
    async handler({ query, principal }) {
      const filter = logFilter(query, await toViewer(gateway.directory, principal, query))
      const csv = query['format'] === 'csv'
      const paged = PAGING.some((name) => query[name] !== undefined)
      if (csv && !paged) return csvOf(store, filter)
      const cursor = readCursor(query, BY_TIME)
      const page =
        query['page'] === undefined || cursor !== undefined
          ? undefined
          : readNumber(query, 'page', { fallback: 1, max: 100_000 })
      const limit = readNumber(query, 'page_size', { fallback: 50, max: 1000 })
      const args = { filter, limit, cursor, page, texts: false }
      // CSV has no place for where it goes on but a header.
      if (csv) return answerPage(store, { name: 'logPage', args, format: 'csv' })
      const { bytes } = await ask(store, { name: 'logPage', args, format: 'json' })
      return toResponse(bytes, 'json')
    },
  })
}

async function summary(store: Store, query: Query, viewer: Viewer): Promise<Response | unknown[]> {
  const days = readDays(query)
  const { user_id: user, model } = query
  const apiKey = readKey(query['api_key'])
  const users = narrow(viewer, 'user', { ...days, apiKey, model, entities: readNames(query, 'user_id') })
  const base = user === undefined ? narrow(viewer, 'key', { ...days, apiKey, model }) : users
  const csv = query['format'] === 'csv'
  if (seesNothing(base) && !csv) return []
  const args = { base, users: seesNothing(users) ? undefined : users }
  return answerWhole(store, { name: 'logSummary', args, format: csv ? 'csv' : 'json' })
}

function logFilter(query: Query, viewer: Viewer): LogFilter {
  const { request_id, user_id, team_id, end_user, model, provider, session_id, status_filter: status } = query
  return {
    request_id,
    user_id,
    team_id,
    end_user,
    model,
    provider,
    session_id,
    status,
    ...readTimes(query),
    api_key: readKey(query['api_key']),
    minSpend: readDollars(query, 'min_spend'),
    maxSpend: readDollars(query, 'max_spend'),
    scope: visibleLogs(viewer, team_id),
  }
}

/** All rows, page after page. */
function csvOf(store: Store, filter: LogFilter): Promise<Response> {
  return answerWhole(store, { name: 'logPage', args: { filter, limit: CSV_PAGE, texts: false }, format: 'csv' })
}
