import type { GatewayContext } from '../../src/index.ts'
import { toViewer } from './administered.ts'
import type { Viewer } from './administered.ts'
import { answerPage, answerWhole } from './answer-report.ts'
import { DAYS, querySchema, readCursor, readDays, readKey, readNames, readNumber } from './query.ts'
import type { Query } from './query.ts'
import { BY_DAY, BY_SPEND } from './reports/cursor.ts'
import type { Base } from './reports/report.ts'
import type { ReportArgs } from './reports/run-report.ts'
import type { Store } from './store.ts'
import { narrow, seesNothing } from './visible.ts'

type Args = ReportArgs<'spendReport'>

/** Adds `/global/spend/report`: whole where nothing is said of pages, as LiteLLM answers it, and a page where it is. */
export function addSpendReportRoute(gateway: GatewayContext, store: Store): void {
  gateway.route({
    method: 'GET',
    path: '/global/spend/report',
    access: 'key',
    tags: ['Spend'],
    summary: 'Spend by day and team or customer, or by key, with the models',
    query: querySchema(
      ...(['start_date', 'end_date', 'group_by', 'api_key', 'internal_user_id', 'team_id', 'customer_id'] as const),
      ...(['limit', 'cursor'] as const),
    ),
    async handler({ query, principal }) {
      const format = query['format'] === 'csv' ? 'csv' : 'json'
      const limit = readNumber(query, 'limit', { fallback: 10_000, max: 50_000 })
      const args = readArgs(query, await toViewer(gateway.directory, principal, query))
      if (seesNothing(args.base) && format === 'json') return []
      const inAll = args.groupBy === 'api_key' || args.groupBy === 'user'
      const cursor = readCursor(query, inAll ? BY_SPEND : BY_DAY)
      return query['limit'] === undefined && cursor === undefined
        ? answerWhole(store, { name: 'spendReport', args, format })
        : answerPage(store, { name: 'spendReport', args: { ...args, limit, cursor }, format })
    },
  })
}

function readArgs(query: Query, viewer: Viewer): Args {
  const days = readDays(query, DAYS)
  const { internal_user_id: user, customer_id: customer, group_by } = query
  const apiKey = readKey(query['api_key'])
  const over = (
    kind: Base['kind'],
    groupBy: Args['groupBy'],
    entity?: 'internal_user_id' | 'customer_id' | 'team_id',
  ) => {
    const base = narrow(viewer, kind, { ...days, entities: entity && readNames(query, entity), apiKey })
    return { base, groupBy }
  }
  if (user !== undefined) return over('user', 'user', 'internal_user_id')
  if (apiKey !== undefined || group_by === 'api_key') return over('key', 'api_key')
  if (customer !== undefined || group_by === 'customer') return over('customer', 'customer', 'customer_id')
  return over('team', 'team', 'team_id')
}
