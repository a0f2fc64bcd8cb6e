/**
 * The places of a conversation's messages with the results of parallel tool calls in the order of their calls; undefined
 * where they stand so already. For dialects that match results by order: OpenAI's are matched by id and come in any.
 */
export function callOrder(messages: readonly unknown[]): readonly number[] | undefined {
  let order: number[] | undefined
  let calls: ReadonlyMap<unknown, number> = new Map()
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i] as Message | null
    if (message?.role === 'assistant') calls = placesOf(message.tool_calls)
    else if (message?.role === 'tool' && calls.size > 1) {
      const start = i
      while ((messages[i + 1] as Message | null | undefined)?.role === 'tool') i++
      const places = Array.from({ length: i + 1 - start }, (_, n) => start + n)
      const rank = (place: number) => calls.get((messages[place] as Message).tool_call_id) ?? calls.size
      places.sort((one, two) => rank(one) - rank(two))
      if (places.some((place, n) => place !== start + n)) {
        order ??= messages.map((_, n) => n)
        order.splice(start, places.length, ...places)
      }
    }
  }
  return order
}

interface Message {
  role?: unknown
  tool_calls?: unknown
  tool_call_id?: unknown
}

function placesOf(calls: unknown): ReadonlyMap<unknown, number> {
  return new Map(Array.isArray(calls) ? calls.map((call: { id?: unknown } | null, i) => [call?.id, i]) : [])
}
