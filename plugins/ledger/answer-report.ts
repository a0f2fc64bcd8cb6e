import { GatewayError } from '../../src/index.ts'
import type { ReportName, ReportRequest, ReportText } from './reports/run-report.ts'
import type { Store } from './store.ts'
import { StoreAway } from './store.ts'

/** Asks the worker for a report. Throws a 503 where the database does not answer. */
export async function ask<N extends ReportName>(store: Store, request: ReportRequest<N>): Promise<ReportText> {
  try {
    return await store.report(request)
  } catch (error) {
    if (!(error instanceof StoreAway)) throw error
    throw new GatewayError(503, "The ledger's database does not answer. Calls are still recorded.", {
      code: 'ledger_unavailable',
      retryAfter: 5,
      cause: error,
    })
  }
}

/** A report as it came from the worker. */
export function toResponse(
  body: string | ReadableStream<Uint8Array>,
  format: 'json' | 'csv',
  headers: Record<string, string> = {},
): Response {
  const own: Record<string, string> =
    format === 'json'
      ? { 'content-type': 'application/json' }
      : { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="spend.csv"' }
  return new Response(body, { headers: { ...own, ...headers } })
}
