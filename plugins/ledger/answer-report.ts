import { GatewayError } from '../../src/index.ts'
import type { PagedReport, ReportName, ReportRequest } from './reports/run-report.ts'
import type { Store } from './store.ts'
import { StoreAway } from './store.ts'
import type { ReportBytes } from './worker-messages.ts'

/** Asks the worker for a report. Throws a 503 where the database does not answer. */
export async function ask<N extends ReportName>(store: Store, request: ReportRequest<N>): Promise<ReportBytes> {
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

/** A page of a report; where the next one begins is in a header. */
export async function answerPage<N extends PagedReport>(store: Store, request: ReportRequest<N>): Promise<Response> {
  const { bytes, cursor } = await ask(store, request)
  return toResponse(bytes, request.format, cursor === null ? {} : { 'x-ungate-next-cursor': cursor })
}

/**
 * All of a report, piece by piece as fast as it is read: nobody holds it whole, and other reports run in between. The
 * first piece comes before the answer begins, so that a database that is away is a 503; later it breaks the answer off.
 */
export async function answerWhole<N extends PagedReport>(store: Store, request: ReportRequest<N>): Promise<Response> {
  const { bytes, cursor: second } = await ask(store, { ...request, part: 'first' })
  if (second === null) return toResponse(bytes, request.format)
  let cursor: string | null = second
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes),
    async pull(controller) {
      const piece = await ask(store, { ...request, args: { ...request.args, cursor }, part: 'rest' } as ReportRequest)
      controller.enqueue(piece.bytes)
      cursor = piece.cursor
      if (cursor === null) controller.close()
    },
  })
  return toResponse(body, request.format)
}

/** A report as it came from the worker. */
export function toResponse(
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  format: 'json' | 'csv',
  headers: Record<string, string> = {},
): Response {
  const own: Record<string, string> =
    format === 'json'
      ? { 'content-type': 'application/json' }
      : { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="spend.csv"' }
  return new Response(body, { headers: { ...own, ...headers } })
}
