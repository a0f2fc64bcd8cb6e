import type { Answer, Context, LogRecord } from '../../src/index.ts'

/** A line of the journal: one call, as it is drained into one row. */
export interface CallEntry extends Omit<LogRecord, 'principal' | 'identified'> {
  /** Unique for ever: the instance and a count. A caller may name two calls alike; their rows stay two. */
  readonly uid: string
  /** The key's hash, or whatever the principal's id is; absent where nobody was admitted. */
  readonly key?: string | undefined
  readonly keyAlias?: string | undefined
  readonly user?: string | undefined
  readonly team?: string | undefined
  readonly organization?: string | undefined
  readonly apiBase?: string | undefined
  readonly session?: string | undefined
  /** What the caller wants kept with the row (`spend_logs_metadata`). */
  readonly notes?: unknown
  readonly messages?: unknown
  readonly response?: unknown
  /** Known without a `cost`, or as it was read: nano-dollars, null where nobody knows them. */
  readonly spend?: number | null | undefined
  /** As it was read: JSON that goes into the database as it is. `cost` and `attempts` are in it alone. */
  readonly texts?:
    | { readonly usage: string | null; readonly cost: string | null; readonly attempts: string | null }
    | undefined
}

/** A line of the journal: what a stream said, known only after its row had to be written. */
export interface AnswerEntry {
  /** The row's `uid` and `id`. */
  readonly answerOf: string
  readonly id: string
  readonly response: unknown
}

export type Entry = CallEntry | AnswerEntry

/** Bytes that a line without prompts cannot exceed: every text that a client chooses is cut. */
export const LONGEST_LINE = 32 * 1024

const LONG = 256
const KEEPING = /^\/(files|uploads|chat\/completions)(\/|$)/
const TAGS = 20
const MESSAGE = 1000
const NOTES = 2000

/** One call as a journal entry, without prompts. Every text is bounded, so that the line is. */
export function toEntry(uid: string, record: LogRecord, ctx: Context, answer: Answer | undefined): CallEntry {
  const { error } = record
  // Who was refused stands in the books of the key's owner; what such a call says of itself does not.
  const principal = record.principal ?? record.identified
  const claims = record.principal !== undefined || record.identified === undefined
  const target = answer?.target ?? ctx.targets.find(({ id }) => id === record.deployment)
  return {
    uid,
    id: record.id,
    at: record.at,
    wire: record.wire,
    path: cut(record.path, LONG),
    model: cut(record.model, LONG),
    stream: record.stream,
    status: record.status,
    aborted: record.aborted,
    cacheHit: record.cacheHit,
    key: principal?.id,
    keyAlias: principal?.name,
    user: principal?.user,
    team: principal?.team,
    organization: principal?.organization,
    deployment: record.deployment,
    group: cut(record.group, LONG),
    provider: record.provider,
    upstreamModel: cut(record.upstreamModel, LONG),
    apiBase: target?.provider.baseURL,
    usage: record.usage,
    cost: record.cost,
    spend: isFetched(ctx) && !record.cost ? 0 : undefined,
    error: error && { ...error, message: cut(error.message, MESSAGE), param: cut(error.param, LONG) },
    ms: round(record.ms),
    queueMs: round(record.queueMs),
    ttftMs: round(record.ttftMs),
    overheadMs: round(record.overheadMs),
    attempts: record.attempts.length > 20 ? record.attempts.slice(-20) : record.attempts,
    ip: record.ip,
    endUser: claims ? record.endUser : undefined,
    tags: claims ? boundedTags(record.tags) : undefined,
    session: sessionOf(ctx),
    notes: notesOf(ctx),
  }
}

/** Fetching, deleting and keeping things make no model work. What a batch or a job that is posted will cost nobody knows yet. */
function isFetched({ call: { wire, method, path } }: Context): boolean {
  return wire === 'openai.*' && (method !== 'POST' || KEEPING.test(path))
}

/** LiteLLM's order: the trace header, the session header, then the body's fields. */
function sessionOf({ call }: Context): string | undefined {
  const { headers, body } = call
  const found =
    headers.get('x-litellm-trace-id') ??
    headers.get('x-litellm-session-id') ??
    body['litellm_session_id'] ??
    field(body['metadata'], 'session_id') ??
    field(body['litellm_metadata'], 'session_id')
  return typeof found === 'string' && found ? cut(found, LONG) : undefined
}

function notesOf({ call }: Context): unknown {
  const header = call.headers.get('x-litellm-spend-logs-metadata') ?? call.headers.get('x-litellm-metadata')
  const { metadata, litellm_metadata: ours } = call.body
  const given =
    header === null ? (field(metadata, 'spend_logs_metadata') ?? field(ours, 'spend_logs_metadata')) : parse(header)
  if (typeof given !== 'object' || given === null) return undefined
  return JSON.stringify(given).length <= NOTES ? given : undefined
}

function boundedTags(tags: readonly string[] | undefined): readonly string[] | undefined {
  return tags
    ?.filter(Boolean)
    .slice(0, TAGS)
    .map((tag) => cut(tag, 100))
}

function cut<T extends string | null | undefined>(text: T, limit: number): T {
  return (typeof text === 'string' && text.length > limit ? text.slice(0, limit) : text) as T
}

/** Microseconds are as fine as the clock is worth. */
function round<T extends number | undefined>(ms: T): T {
  return (ms === undefined ? ms : Math.round(ms * 1000) / 1000) as T
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
