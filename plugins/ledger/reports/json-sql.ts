import type { Database } from '../database.ts'

/** How a database writes JSON: text from it costs a fraction of rows that become objects and then text. */
export interface JsonSql {
  /** A text with its quotes. */
  quote(text: string): string
  /** Texts of a group with commas between them. */
  list(text: string, order: string): string
}

const SQLITE: JsonSql = {
  quote: (text) => `json_quote(${text})`,
  // In the order that the rows come in: that of the key which they were grouped by.
  list: (text) => `group_concat(${text}, ',')`,
}
const POSTGRES: JsonSql = {
  quote: (text) => `to_json(${text})::text`,
  list: (text, order) => `string_agg(${text}, ',' ORDER BY ${order})`,
}

export function jsonSql({ dialect }: Database): JsonSql {
  return dialect === 'sqlite' ? SQLITE : POSTGRES
}
