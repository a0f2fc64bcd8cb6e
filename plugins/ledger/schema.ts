/** A column and its type; the types are those that SQLite and PostgreSQL both know. */
export type Column = readonly [name: string, type: 'TEXT' | 'BIGINT' | 'INTEGER' | 'DOUBLE PRECISION']

/** Columns of `ungate_spend_logs` as they are inserted; `id` is the database's own. Times are milliseconds, JSON is text. */
export const LOG_COLUMNS = [
  ['uid', 'TEXT'],
  ['request_id', 'TEXT'],
  ['call_type', 'TEXT'],
  ['path', 'TEXT'],
  ['api_key', 'TEXT'],
  ['key_alias', 'TEXT'],
  ['user_id', 'TEXT'],
  ['team_id', 'TEXT'],
  ['organization_id', 'TEXT'],
  ['end_user', 'TEXT'],
  ['requested_model', 'TEXT'],
  ['model_group', 'TEXT'],
  ['model', 'TEXT'],
  ['model_id', 'TEXT'],
  ['provider', 'TEXT'],
  ['api_base', 'TEXT'],
  // Nano-dollars; NULL where nobody knows what the call cost.
  ['spend', 'BIGINT'],
  ['cost', 'TEXT'],
  ['prompt_tokens', 'BIGINT'],
  ['completion_tokens', 'BIGINT'],
  ['usage', 'TEXT'],
  ['start_time', 'BIGINT'],
  ['duration_ms', 'DOUBLE PRECISION'],
  ['queue_ms', 'DOUBLE PRECISION'],
  ['ttft_ms', 'DOUBLE PRECISION'],
  ['overhead_ms', 'DOUBLE PRECISION'],
  ['stream', 'INTEGER'],
  ['cache_hit', 'INTEGER'],
  ['aborted', 'INTEGER'],
  ['status', 'TEXT'],
  ['status_code', 'INTEGER'],
  ['error', 'TEXT'],
  ['attempts', 'TEXT'],
  ['ip', 'TEXT'],
  ['tags', 'TEXT'],
  ['session_id', 'TEXT'],
  ['notes', 'TEXT'],
  ['messages', 'TEXT'],
  ['response', 'TEXT'],
] as const satisfies readonly Column[]

/** What a daily sum is kept by. `kind` names whose sum it is, `entity` which one. */
export const SUM_KEYS = ['kind', 'day', 'entity', 'api_key', 'model_group', 'model', 'provider', 'endpoint'] as const

/** What is added up. `unknown_cost` counts calls whose cost nobody knows: they are not in `spend`. */
export const SUMS = [
  'requests',
  'successes',
  'failures',
  'cached',
  'prompt_tokens',
  'completion_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'spend',
  'unknown_cost',
] as const

/** What is known of a key besides its calls, as of its last one. */
export const KEY_COLUMNS = [
  ['api_key', 'TEXT'],
  ['key_alias', 'TEXT'],
  ['user_id', 'TEXT'],
  ['team_id', 'TEXT'],
  ['organization_id', 'TEXT'],
  ['last_used', 'BIGINT'],
] as const satisfies readonly Column[]

export interface Migration {
  readonly version: number
  readonly statements: (dialect: 'sqlite' | 'postgres') => readonly string[]
}

const REQUIRED = new Set(['uid', 'request_id', 'start_time'])
const LOG_DEFINITIONS = LOG_COLUMNS.map(
  ([name, type]) => `${name} ${type}${REQUIRED.has(name) ? ' NOT NULL' : ''}`,
).join(', ')

/** In SQLite, request ids are looked up in one bucket of rows after the other: `id` without so many bits. */
export const BUCKET_BITS = 12
/** There, by their ends, where ids differ most. */
export const ID_TAIL = 'substr(request_id, -12)'

/**
 * What makes the tables, in order; only ever added to. A step adds tables, columns or indexes and takes no column away: an
 * older gateway works on with a newer one's tables.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: (dialect) => [
      `CREATE TABLE IF NOT EXISTS ungate_spend_logs (
        id ${dialect === 'sqlite' ? 'INTEGER PRIMARY KEY' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'},
        ${LOG_DEFINITIONS},
        UNIQUE (request_id, uid)
      )`,
      'CREATE INDEX IF NOT EXISTS ungate_spend_logs_time ON ungate_spend_logs (start_time, id)',
      'CREATE INDEX IF NOT EXISTS ungate_spend_logs_key ON ungate_spend_logs (api_key, start_time, id)',
      'CREATE INDEX IF NOT EXISTS ungate_spend_logs_user ON ungate_spend_logs (user_id, start_time, id)',
      'CREATE INDEX IF NOT EXISTS ungate_spend_logs_team ON ungate_spend_logs (team_id, start_time, id)',
      `CREATE TABLE IF NOT EXISTS ungate_daily_spend (
        ${SUM_KEYS.map((name) => `${name} TEXT NOT NULL`).join(', ')},
        ${SUMS.map((name) => `${name} BIGINT NOT NULL DEFAULT 0`).join(', ')},
        PRIMARY KEY (${SUM_KEYS.join(', ')})
      )${dialect === 'sqlite' ? ' WITHOUT ROWID' : ''}`,
      'CREATE INDEX IF NOT EXISTS ungate_daily_spend_entity ON ungate_daily_spend (kind, entity, day)',
      `CREATE TABLE IF NOT EXISTS ungate_keys (
        ${KEY_COLUMNS.map(([name, type]) => `${name} ${type}${name === 'api_key' ? ' PRIMARY KEY' : ''}`).join(', ')}
      )`,
    ],
  },
  {
    // Request ids are random: an index of all of them wrote a page of 4 KiB for every row, half of what a row cost. In
    // buckets of 4096 rows the pages of one are written together. `uid` counts up. PostgreSQL's pages are as random, but
    // written by its checkpoints, not by every commit.
    version: 2,
    statements: (dialect) =>
      dialect === 'postgres'
        ? []
        : [
            `CREATE TABLE ungate_spend_logs_next (id INTEGER PRIMARY KEY, ${LOG_DEFINITIONS}, UNIQUE (uid))`,
            'INSERT INTO ungate_spend_logs_next SELECT * FROM ungate_spend_logs ORDER BY id',
            'DROP TABLE ungate_spend_logs',
            'ALTER TABLE ungate_spend_logs_next RENAME TO ungate_spend_logs',
            `CREATE INDEX ungate_spend_logs_request ON ungate_spend_logs (id >> ${BUCKET_BITS}, ${ID_TAIL})`,
            'CREATE INDEX ungate_spend_logs_time ON ungate_spend_logs (start_time)',
            'CREATE INDEX ungate_spend_logs_key ON ungate_spend_logs (api_key, start_time)',
            ...['user', 'team'].map(
              (owner) =>
                `CREATE INDEX ungate_spend_logs_${owner} ON ungate_spend_logs (${owner}_id, start_time) ` +
                `WHERE ${owner}_id IS NOT NULL`,
            ),
          ],
  },
]
