import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { Database } from './database.ts'
import { openDatabase } from './database.ts'
import { createDrain } from './drain.ts'
import { migrate } from './migrate.ts'
import { runReport } from './reports/run-report.ts'
import { deleteOld } from './retention.ts'
import type { FromWorker, ToWorker, WorkerOptions } from './worker-messages.ts'

const RETRY_MS = [250, 500, 1000, 2000, 5000]
const RETENTION_MS = 3_600_000
/** A report waits this long at most for rows that are still in the journal. */
const CATCH_UP_MS = 1000

/** Lower than the threads that answer calls. */
const NICE = 10

const { url, root, folder, journal, retentionMs } = workerData as WorkerOptions
const port = parentPort!
const send = (message: FromWorker) => port.postMessage(message)
const encoder = new TextEncoder()
const drain = createDrain({ folder, journal, report: (message) => send({ type: 'warning', message }) })

let database: Database | undefined
let opening: Promise<Database> | undefined
let failures = 0
let announced = false
let working: Promise<void> | undefined
let again = false
let retry: ReturnType<typeof setTimeout> | undefined
let closing = false

/** Opened and migrated; opened anew after it could not be, and when its file is gone. */
function open(): Promise<Database> {
  if (database && database.there?.() !== false) return Promise.resolve(database)
  opening ??= (async () => {
    // Before another is opened beside it: the two would share their write-ahead log.
    if (database) {
      send({ type: 'warning', message: 'the file of the database was deleted or replaced: it is opened anew' })
      await database.close().catch(() => {})
      database = undefined
    }
    const opened = await openDatabase(url, root)
    try {
      await migrate(opened)
    } catch (error) {
      await opened.close().catch(() => {})
      throw error
    }
    database = opened
    return opened
  })().finally(() => {
    opening = undefined
  })
  return opening
}

/** Moves everything that is in the journal; one run at a time. */
function work(): Promise<void> {
  again = true
  working ??= (async () => {
    clearTimeout(retry)
    try {
      const opened = await open()
      while (again) {
        again = false
        while (await drain.step(opened));
      }
      if (failures > 0 || !announced) send({ type: 'up' })
      announced = true
      failures = 0
    } catch (error) {
      send({ type: 'down', reason: reasonOf(error), first: failures === 0 })
      retry = setTimeout(() => void work(), RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)])
    } finally {
      working = undefined
    }
  })()
  return working
}
async function report({ id, request }: Extract<ToWorker, { type: 'report' }>): Promise<void> {
  try {
    // Callers see their own calls; not so while the database is behind or away.
    if (failures === 0 && request.part !== 'rest') {
      await Promise.race([work(), new Promise((resolve) => setTimeout(resolve, CATCH_UP_MS).unref())])
    }
    const { text, cursor } = await runReport(await open(), request)
    const bytes = encoder.encode(text)
    port.postMessage({ type: 'report', id, report: { bytes, cursor } } satisfies FromWorker, [bytes.buffer])
  } catch (error) {
    send({ type: 'failed', id, reason: reasonOf(error) })
  }
}

async function retain(): Promise<void> {
  if (retentionMs === undefined || !database || closing) return
  try {
    await deleteOld(database, Date.now() - retentionMs, () => closing)
  } catch (error) {
    send({ type: 'warning', message: `old rows could not be deleted: ${reasonOf(error)}` })
  }
}

async function close(): Promise<void> {
  closing = true
  drain.close()
  clearInterval(retention)
  // A run that is under way began before the last rows were written.
  await working
  await work()
  clearTimeout(retry)
  if (failures === 0) drain.remove()
  await database?.close().catch(() => {})
  send({ type: 'closed', drained: failures === 0 })
  port.close()
}

/** The database's own words; they name no password. */
function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  return [code, message || String(error)].filter(Boolean).join(': ').slice(0, 300)
}

const retention = setInterval(() => void retain(), RETENTION_MS)

// On Linux this is about the calling thread alone (setpriority(2), notes): rows wait in the journal while calls need the
// processor.
if (process.platform === 'linux') setPriority(NICE)

port.on('message', (message: ToWorker) => {
  // While the database is away, the timer asks for it, not every call.
  if (message.type === 'wake') void (failures === 0 && work())
  else if (message.type === 'report') void report(message)
  else void close()
})
void work().then(retain)
