import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type { GatewayContext, GatewayPlugin, z } from '../../src/index.ts'
import { durationMs, logger } from '../../src/index.ts'
import { createInstance } from './instance.ts'
import { createJournal } from './journal.ts'
import type { options as schema } from './options.ts'
import { createPrompts } from './prompts.ts'
import { createRecorder } from './recorder.ts'
import { createStore } from './store.ts'
import { addRoutes } from './routes.ts'

const BEAT_MS = 5000
/** PostgreSQL may be away when the gateway starts: the journal holds the rows. */
const WAIT_MS = 3000

/** Starts the ledger: the journal, the worker with the database, the routes. */
export async function startLedger(options: z.output<typeof schema>, gateway: GatewayContext): Promise<GatewayPlugin> {
  const { url, whenFull } = options
  const sqlite = url.startsWith('sqlite:')
  if (sqlite) requireSqlite()
  else requirePostgres()
  // Its tables would be made, and rows deleted by a retention that is about to be corrected.
  if (gateway.checking) return stagesOf(options)
  const root = gateway.root ?? process.cwd()
  const folder = resolve(root, options.journal)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const instance = createInstance(folder)
  instance.adopt()
  const journal = createJournal({ folder: instance.folder })
  const store = createStore({
    url,
    root,
    folder: instance.folder,
    journal: folder,
    retentionMs: options.retention === undefined ? undefined : durationMs(options.retention),
    onChange: ({ up, reason }) =>
      up
        ? logger.info('ledger: the database is there')
        : logger.error(`ledger: the database is away, rows wait in the journal: ${reason}`),
    onWarning: (message) => logger.warn(`ledger: ${message}`),
  })
  const prompts = options.prompts ? createPrompts(options) : undefined
  const recorder = createRecorder({
    id: instance.id,
    journal,
    prompts,
    whenFull,
    inFlight: () => gateway.inFlight(),
    wake: () => store.wake(),
    onTrouble: (message) => logger.error(`ledger: ${message}`),
  })
  const beat = setInterval(() => {
    try {
      if (!instance.beat()) journal.roll()
      if (instance.adopt() > 0) store.wake()
    } catch (error) {
      logger.warn(`ledger: the journal's folder cannot be used: ${(error as Error).message}`)
    }
  }, BEAT_MS).unref()
  const close = async () => {
    clearInterval(beat)
    recorder.close()
    journal.close()
    await store.close()
    instance.release()
  }

  const state = await Promise.race([store.ready, wait(WAIT_MS)])
  if (sqlite && state?.up === false) {
    await close()
    throw new Error(`plugins.ledger.url: the database cannot be opened: ${state.reason}`)
  }
  addRoutes({ gateway, store, recorder })
  // Calls go on while it is away, so that this is no reason to send none.
  gateway.conditions.set('db', () => (store.state.up ? 'connected' : 'disconnected'))
  return {
    ...(whenFull === 'refuse' ? { rateLimit: (ctx) => recorder.admit(ctx) } : {}),
    ...(prompts
      ? {
          async provider(ctx, target, next) {
            const answer = await next(target)
            prompts.watch(ctx, answer)
            return answer
          },
        }
      : {}),
    record: (record, ctx, answer) => recorder.record(record, ctx, answer),
    close,
  }
}

/** What the ledger takes part in, without doing it. */
function stagesOf(options: z.output<typeof schema>): GatewayPlugin {
  // Its patterns are checked as they are at a start.
  const prompts = options.prompts ? createPrompts(options) : undefined
  return {
    ...(options.whenFull === 'refuse' ? { rateLimit: () => undefined } : {}),
    ...(prompts ? { provider: (_ctx, target, next) => next(target) } : {}),
    record: () => undefined,
  }
}

function requireSqlite(): void {
  if (process.getBuiltinModule?.('node:sqlite')) return
  throw new Error(
    `plugins.ledger.url: SQLite needs Node 22.13 or newer; this is ${process.version}. ` +
      'Use a newer Node, or PostgreSQL (postgres://user:password@host:5432/name).',
  )
}

function requirePostgres(): void {
  try {
    createRequire(import.meta.url).resolve('pg')
  } catch {
    throw new Error('plugins.ledger.url: PostgreSQL needs the package pg. Install it: npm i pg')
  }
}

function wait(ms: number): Promise<undefined> {
  return new Promise((done) => setTimeout(() => done(undefined), ms).unref())
}
