import type { CallEntry } from './entry.ts'
import { LOG_COLUMNS } from './schema.ts'

export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>
export type LogColumn = (typeof LOG_COLUMNS)[number][0]
export type LogRow = Readonly<Record<LogColumn, Value>>

/** LiteLLM's names for what was called. */
const CALL_TYPES: Readonly<Record<string, string>> = {
  'openai.chat': 'acompletion',
  'openai.completions': 'atext_completion',
  'openai.embeddings': 'aembedding',
  'openai.images': 'aimage_generation',
  'openai.responses': 'aresponses',
  'anthropic.messages': 'anthropic_messages',
  'gemini.generate': 'agenerate_content',
}

/** A call of the journal as a row of `ungate_spend_logs`. */
export function toLogRow(entry: CallEntry): LogRow {
  const { usage, texts } = entry
  return {
    uid: entry.uid,
    request_id: text(entry.id) ?? '',
    call_type: CALL_TYPES[entry.wire] ?? 'pass_through_endpoint',
    path: text(entry.path),
    api_key: text(entry.key),
    key_alias: text(entry.keyAlias),
    user_id: text(entry.user),
    team_id: text(entry.team),
    organization_id: text(entry.organization),
    end_user: text(entry.endUser),
    requested_model: text(entry.model),
    model_group: text(entry.group),
    model: text(entry.upstreamModel),
    model_id: text(entry.deployment),
    provider: text(entry.provider),
    api_base: text(entry.apiBase),
    spend: spendOf(entry),
    cost: texts ? texts.cost : json(entry.cost),
    prompt_tokens: usage?.input ?? null,
    completion_tokens: usage?.output ?? null,
    usage: texts ? texts.usage : json(usage),
    start_time: entry.at,
    duration_ms: entry.ms,
    queue_ms: entry.queueMs ?? null,
    ttft_ms: entry.ttftMs ?? null,
    overhead_ms: entry.overheadMs ?? null,
    stream: Number(entry.stream),
    cache_hit: Number(entry.cacheHit),
    aborted: Number(entry.aborted),
    status: isFailure(entry) ? 'failure' : 'success',
    status_code: entry.status,
    error: json(entry.error),
    attempts: texts ? texts.attempts : json(entry.attempts),
    ip: text(entry.ip),
    tags: json(entry.tags),
    session_id: text(entry.session),
    notes: json(entry.notes),
    messages: json(entry.messages),
    response: json(entry.response),
  }
}

/** A call that was refused or failed, or whose stream broke. One that the client left in the middle did not fail. */
export function isFailure({ status, error }: CallEntry): boolean {
  return status >= 400 || error !== undefined
}

/**
 * Nano-dollars, or null where nobody knows. Without a price, only a call that no provider can have charged for cost
 * nothing: every attempt was answered with an error.
 */
export function spendOf({ spend, cost, attempts, cacheHit }: CallEntry): number | null {
  if (spend !== undefined) return spend
  if (cost) return cost.source === 'unknown' ? null : Math.round(cost.total)
  const charged = attempts.some(({ status }) => status < 300)
  return charged && !cacheHit ? null : 0
}

/** JSON as text. `JSON.stringify` writes NULs and half surrogate pairs as escapes, which every database stores. */
export function json(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value)
}

/** ES2024, in every Node that is supported. */
interface WellFormed {
  toWellFormed(): string
}

/** PostgreSQL has no NUL in text, and no database half a surrogate pair. */
export function text(value: string | null | undefined): string | null {
  if (value === undefined || value === null) return null
  const clean = value.includes('\0') ? value.replaceAll('\0', '') : value
  return (clean as unknown as WellFormed).toWellFormed()
}
