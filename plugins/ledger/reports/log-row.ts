import type { LogRow, Value } from '../row.ts'
import { toDollars } from './sums.ts'

/** A row of the ledger in LiteLLM's names. `spend` is null where nobody knows it. */
export function toSpendLog(row: LogRow): Record<string, unknown> {
  const start = Number(row.start_time)
  const usage = parse(row.usage)
  const attempts = (parse(row.attempts) as unknown[] | null) ?? []
  const error = parse(row.error) as { message?: string; type?: string; code?: string } | null
  return {
    request_id: row.request_id,
    call_type: row.call_type,
    api_key: row.api_key ?? '',
    spend: row.spend === null ? null : toDollars(row.spend),
    total_tokens: Number(row.prompt_tokens ?? 0) + Number(row.completion_tokens ?? 0),
    prompt_tokens: Number(row.prompt_tokens ?? 0),
    completion_tokens: Number(row.completion_tokens ?? 0),
    startTime: toTime(start),
    endTime: toTime(start + Number(row.duration_ms)),
    completionStartTime: row.ttft_ms === null ? null : toTime(start + Number(row.ttft_ms)),
    request_duration_ms: row.duration_ms,
    model: row.model ?? row.requested_model ?? '',
    model_id: row.model_id ?? '',
    model_group: row.model_group ?? '',
    custom_llm_provider: row.provider ?? '',
    api_base: row.api_base ?? '',
    user: row.user_id ?? '',
    team_id: row.team_id,
    organization_id: row.organization_id,
    end_user: row.end_user,
    requester_ip_address: row.ip,
    request_tags: parse(row.tags) ?? [],
    cache_hit: row.cache_hit ? 'True' : 'False',
    session_id: row.session_id,
    status: row.status,
    metadata: {
      status: row.status,
      status_code: row.status_code,
      route: row.path,
      requested_model: row.requested_model,
      stream: row.stream === 1,
      aborted: row.aborted === 1,
      user_api_key: row.api_key,
      user_api_key_alias: row.key_alias,
      user_api_key_user_id: row.user_id,
      user_api_key_team_id: row.team_id,
      user_api_key_org_id: row.organization_id,
      usage_object: usage,
      cost_breakdown: toCost(row.cost),
      queue_time_ms: row.queue_ms,
      time_to_first_token_ms: row.ttft_ms,
      litellm_overhead_time_ms: row.overhead_ms,
      attempted_retries: Math.max(0, attempts.length - 1),
      attempts,
      error_information: error && {
        error_code: String(error.code ?? row.status_code),
        error_class: error.type ?? '',
        error_message: error.message ?? '',
      },
      spend_logs_metadata: parse(row.notes),
    },
    messages: parse(row.messages) ?? {},
    response: parse(row.response) ?? {},
  }
}

/** The same as one flat row, for CSV: no objects in it but the tags. */
export function toFlatLog(row: LogRow): Record<string, unknown> {
  const { metadata, messages: _messages, response: _response, request_tags, ...flat } = toSpendLog(row)
  const { status_code, stream, aborted, user_api_key_alias, queue_time_ms, time_to_first_token_ms } =
    metadata as Record<string, unknown>
  const { litellm_overhead_time_ms, attempted_retries, error_information } = metadata as Record<string, unknown>
  return {
    ...flat,
    key_alias: user_api_key_alias,
    status_code,
    stream,
    aborted,
    request_tags: (request_tags as string[]).join(' '),
    queue_time_ms,
    time_to_first_token_ms,
    overhead_time_ms: litellm_overhead_time_ms,
    attempted_retries,
    error: (error_information as { error_message?: string } | null)?.error_message ?? '',
  }
}

/** The columns of CSV. */
export const LOG_NAMES: readonly string[] = Object.keys(
  toFlatLog({ start_time: 0, duration_ms: 0, ttft_ms: null } as unknown as LogRow),
)

function toCost(cost: Value): Record<string, unknown> | null {
  const parsed = parse(cost) as Record<string, unknown> | null
  if (!parsed) return null
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => [name, typeof value === 'number' ? toDollars(value) : value]),
  )
}

function toTime(ms: number): string {
  return new Date(ms).toISOString()
}

function parse(text: Value): unknown {
  return typeof text === 'string' ? (JSON.parse(text) as unknown) : null
}
