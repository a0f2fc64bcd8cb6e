import { Worker } from 'node:worker_threads'
import type { ReportName, ReportRequest } from './reports/run-report.ts'
import type { FromWorker, ReportBytes, ToWorker, WorkerOptions } from './worker-messages.ts'

/** The database, in a worker: neither writing rows nor reading reports holds up a call. */
export interface Store {
  /** Settles when the database was reached, or could not be, for the first time. */
  readonly ready: Promise<StoreState>
  readonly state: StoreState
  /** There is something new in the journal. */
  wake(): void
  /** @throws StoreAway when the database does not answer */
  report<N extends ReportName>(request: ReportRequest<N>): Promise<ReportBytes>
  /** Moves what is left into the database, as far as it is there, and ends the worker. False: rows stay in the journal. */
  close(): Promise<boolean>
}

export interface StoreState {
  readonly up: boolean
  /** Why not. */
  readonly reason?: string | undefined
}

export interface StoreOptions extends WorkerOptions {
  readonly onChange: (state: StoreState) => void
  readonly onWarning: (message: string) => void
}

/** The database did not answer. The message is safe to show. */
export class StoreAway extends Error {
  override readonly name = 'StoreAway'
}

/** Beside this module, with the ending that it has itself: TypeScript in a clone, JavaScript in the package. */
const SCRIPT = new URL(`./drain-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
/** MB. What a batch needs; V8 would let garbage grow to 128. */
const LIMITS = { maxYoungGenerationSizeMb: 8 }
/** Reports do not wait for it. */
const WAKE_MS = 1000
const RESTART_MS = 1000
const CLOSE_MS = 10_000
const REPORT_MS = 20_000

/** Starts the worker, and starts it again should it end by itself. */
export function createStore({ onChange, onWarning, ...workerData }: StoreOptions): Store {
  const waiting = new Map<number, { resolve(report: ReportBytes): void; reject(error: Error): void }>()
  let state: StoreState = { up: false, reason: 'starting' }
  let settleReady: (state: StoreState) => void
  const ready = new Promise<StoreState>((resolve) => (settleReady = resolve))
  let settleClosed: ((drained: boolean) => void) | undefined
  let closing: Promise<boolean> | undefined
  let waking: ReturnType<typeof setTimeout> | undefined
  let reports = 0
  let alive = false
  let worker = start()

  function start(): Worker {
    const started = new Worker(SCRIPT, { workerData, name: 'ledger', resourceLimits: LIMITS })
    started.unref()
    alive = true
    started.on('message', take)
    started.on('error', (error) => ended(error.message))
    started.on('exit', () => ended('the worker ended'))
    return started
  }

  function ended(reason: string): void {
    alive = false
    worker.removeAllListeners('exit')
    for (const { reject } of waiting.values()) reject(new StoreAway(reason))
    waiting.clear()
    settleClosed?.(false)
    if (closing) return
    onWarning(`the ledger's worker ended (${reason}) and is started again`)
    change({ up: false, reason })
    setTimeout(() => closing ?? (worker = start()), RESTART_MS).unref()
  }

  function take(message: FromWorker): void {
    if (message.type === 'warning') onWarning(message.message)
    else if (message.type === 'up') change({ up: true })
    else if (message.type === 'down') change({ up: false, reason: message.reason })
    else if (message.type === 'closed') settleClosed?.(message.drained)
    else {
      const asked = waiting.get(message.id)
      waiting.delete(message.id)
      if (message.type === 'report') asked?.resolve(message.report)
      else asked?.reject(new StoreAway(message.reason))
    }
  }

  function change(next: StoreState): void {
    const changed = next.up !== state.up || state.reason === 'starting'
    state = next
    settleReady(next)
    if (changed) onChange(next)
  }

  const send = (message: ToWorker) => worker.postMessage(message)

  return {
    ready,
    get state() {
      return state
    },
    wake() {
      // A message costs more than a row: one for all that come within a moment.
      waking ??= setTimeout(() => {
        waking = undefined
        send({ type: 'wake' })
      }, WAKE_MS).unref()
    },
    report(request) {
      if (closing || !alive) return Promise.reject(new StoreAway(closing ? 'the gateway is closing' : 'starting again'))
      const id = ++reports
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(id)
          reject(new StoreAway(`no answer within ${REPORT_MS / 1000} s`))
        }, REPORT_MS).unref()
        waiting.set(id, {
          resolve(report) {
            clearTimeout(late)
            resolve(report)
          },
          reject(error) {
            clearTimeout(late)
            reject(error)
          },
        })
        send({ type: 'report', id, request: request as ReportRequest })
      })
    },
    close() {
      closing ??= (async () => {
        clearTimeout(waking)
        worker.ref()
        const closed = new Promise<boolean>((resolve) => (settleClosed = resolve))
        send({ type: 'close' })
        const deadline = setTimeout(() => settleClosed?.(false), CLOSE_MS)
        const drained = await closed
        clearTimeout(deadline)
        await worker.terminate()
        return drained
      })()
      return closing
    },
  }
}
