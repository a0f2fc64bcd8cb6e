/** One event of a stream: its data, and how many tokens' time it takes. */
export interface MockEvent {
  readonly data: string
  readonly tokens: number
}

/** What a request gets: a whole answer that takes some tokens' time, or a stream of events. */
export type MockAnswer = { readonly json: unknown; readonly tokens: number } | { readonly events: readonly MockEvent[] }

/** The event that ends every OpenAI stream. */
export const DONE: MockEvent = { data: '[DONE]', tokens: 0 }

/** Lists of events dealt out in turns, as several choices of one answer arrive. */
export function interleave(lists: readonly (readonly MockEvent[])[]): MockEvent[] {
  const length = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat()
}
