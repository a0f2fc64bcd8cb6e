/** A parsed JSON object that is only read. */
export type Fields = Readonly<Record<string, unknown>>

/** Whether a JSON value is an object (no list, no null). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The entries that are objects; none where the value is no list. */
export function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

/** The text of OpenAI's content: a string, or the text parts of a list. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return records(content)
    .flatMap((part) => (typeof part['text'] === 'string' ? part['text'] : []))
    .join('\n')
}

/** The text of the last message of a role; empty where there is none. */
export function lastText(messages: unknown, role: string): string {
  return textOf(records(messages).findLast((message) => message['role'] === role)?.['content'])
}
