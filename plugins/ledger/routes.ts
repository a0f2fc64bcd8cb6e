import type { GatewayContext } from '../../src/index.ts'
import { toViewer } from './administered.ts'
import type { Viewer } from './administered.ts'
import { ask, toResponse } from './answer-report.ts'
import { addLogRoutes } from './log-routes.ts'
import { DAYS, querySchema, readDays, readKey, readNames, readNumber } from './query.ts'
import type { parameters, Query } from './query.ts'
import type { Recorder } from './recorder.ts'
import type { Base } from './reports/report.ts'
import type { ReportArgs, ReportName } from './reports/run-report.ts'
import { addSpendReportRoute } from './spend-report-route.ts'
import type { Store } from './store.ts'
import { narrow, seesAll, seesNothing } from './visible.ts'

export interface RoutesInput {
  readonly gateway: GatewayContext
  readonly store: Store
  readonly recorder: Recorder
}

type Name = keyof typeof parameters

interface ReportRoute<N extends ReportName> {
  readonly path: string | readonly string[]
  readonly summary: string
  readonly query: readonly Name[]
  readonly report: N
  readonly args: (query: Query, viewer: Viewer) => ReportArgs<N> & { readonly base: Base }
  /** What a report of nothing that the caller may see is. Default `[]`. */
  readonly empty?: unknown
}

const DATES = ['start_date', 'end_date'] as const

/** Adds LiteLLM's spend routes. Everybody sees their own calls; an admin all. */
export function addRoutes({ gateway, store, recorder }: RoutesInput): void {
  const add = <N extends ReportName>(route: ReportRoute<N>) =>
    gateway.route({
      method: 'GET',
      path: route.path,
      access: 'key',
      tags: ['Spend'],
      summary: route.summary,
      query: querySchema(...route.query),
      async handler({ query, principal }) {
        const args = route.args(query, await toViewer(gateway.directory, principal, query))
        const csv = query['format'] === 'csv'
        if (seesNothing(args.base) && !csv) return route.empty ?? []
        const { bytes } = await ask(store, { name: route.report, args, format: csv ? 'csv' : 'json' })
        return toResponse(bytes, csv ? 'csv' : 'json')
      },
    })
  addSpendRoutes(add)
  addGlobalRoutes(add, gateway)
  addActivityRoutes(add)
  addSpendReportRoute(gateway, store)
  addLogRoutes(gateway, store)
  gateway.route({
    method: 'GET',
    path: '/ledger/status',
    access: 'admin',
    tags: ['Spend'],
    summary: 'Whether the database is there, and what waits for room on the disk',
    handler: () => ({ database: store.state, rows_in_memory: recorder.kept, rows_lost: recorder.lost }),
  })
}

type Add = <N extends ReportName>(route: ReportRoute<N>) => void

function addSpendRoutes(add: Add): void {
  const by = (kind: Base['kind'], entity?: Name) => (query: Query, viewer: Viewer) => {
    const base = narrow(viewer, kind, {
      ...readDays(query),
      entities: entity && readNames(query, entity),
      apiKey: readKey(query['api_key']),
    })
    return { base, limit: readNumber(query, 'limit', { fallback: 1000, max: 10_000 }) }
  }
  const query = [...DATES, 'api_key', 'limit'] as const
  add({ path: '/spend/keys', summary: 'Spend of keys, dearest first', query, report: 'spendByKey', args: by('key') })
  add({
    path: '/spend/users',
    summary: 'Spend of users, dearest first',
    query: [...query, 'user_id'],
    report: 'spendByUser',
    args: by('user', 'user_id'),
  })
  add({
    path: '/spend/teams',
    summary: 'Spend of teams, dearest first',
    query: [...query, 'team_id'],
    report: 'spendByTeam',
    args: by('team', 'team_id'),
  })
  add({
    path: '/spend/tags',
    summary: 'Spend of tags, dearest first',
    query: [...query, 'tags'],
    report: 'spendByTag',
    args: by('tag', 'tags'),
  })
}

function addGlobalRoutes(add: Add, { config }: GatewayContext): void {
  const all = (days?: number) => (query: Query, viewer: Viewer) => ({
    base: narrow(viewer, 'model', { ...readDays(query, days), model: query['model'] }),
  })
  const budget = config.plugins?.['budget']
  const max = typeof budget === 'object' ? budget['max'] : undefined
  add({
    path: '/global/spend',
    summary: 'Spend of all calls',
    query: [...DATES, 'model'],
    report: 'globalSpend',
    args(query, viewer) {
      const narrowed = all()(query, viewer)
      const told = seesAll(viewer.principal) && typeof max === 'number' && max > 0
      return { ...narrowed, maxBudget: told ? max : null }
    },
  })
  add({
    path: '/global/activity',
    summary: 'Calls and tokens by day',
    query: [...DATES, 'model'],
    report: 'globalActivity',
    args: all(DAYS),
  })
  add({
    path: '/global/activity/model',
    summary: 'Calls and tokens by model and day',
    query: [...DATES, 'model'],
    report: 'globalActivityByModel',
    args: all(DAYS),
  })
}

function addActivityRoutes(add: Add): void {
  const query = [...DATES, 'page', 'page_size', 'model', 'api_key'] as const
  const routes = [
    { name: 'user', kind: 'user', entityName: 'user_id', filters: ['user_id'] },
    { name: 'team', kind: 'team', entityName: 'team_id', filters: ['team_ids', 'team_id'] },
    { name: 'tag', kind: 'tag', entityName: 'tag', filters: ['tags'] },
    { name: 'customer', kind: 'customer', entityName: 'end_user_id', filters: ['end_user_ids', 'end_user'] },
    { name: 'organization', kind: 'organization', entityName: 'organization_id', filters: ['organization_ids'] },
  ] as const satisfies readonly { name: string; kind: Base['kind']; entityName: string; filters: readonly Name[] }[]
  for (const { name, kind, entityName, filters } of routes) {
    add({
      path: name === 'customer' ? ['/customer/daily/activity', '/end_user/daily/activity'] : `/${name}/daily/activity`,
      summary: `Spend, tokens and calls by day, split by model, provider and key, for each ${name}`,
      query: [...query, ...filters],
      report: 'dailyActivity',
      empty: NO_ACTIVITY,
      args(given, viewer) {
        const entities = readNames(given, ...filters)
        // Without a user it is about all calls, those without one included.
        const whole = kind === 'user' && !entities
        const base = narrow(viewer, whole ? 'key' : kind, {
          ...readDays(given, DAYS),
          entities: whole ? undefined : entities,
          apiKey: readKey(given['api_key']),
          model: given['model'],
        })
        return {
          base,
          page: readNumber(given, 'page', { fallback: 1, max: 100_000 }),
          pageSize: readNumber(given, 'page_size', { fallback: 1000, max: 5000 }),
          entityName: whole ? undefined : entityName,
        }
      },
    })
  }
}

const NO_ACTIVITY = { results: [], metadata: { total_spend: 0, page: 1, total_pages: 1, has_more: false } }
