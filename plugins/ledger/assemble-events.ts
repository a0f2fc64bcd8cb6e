type Fields = Record<string, unknown>

/** What a Responses stream ends with; the event has all of the response. */
const ENDS = new Set(['response.completed', 'response.incomplete', 'response.failed'])
/** Where Anthropic's deltas belong in their block; its other texts have the names that the block has for them. */
const PLACES: Readonly<Record<string, string>> = { partial_json: 'input', citation: 'citations' }

/**
 * Events of a stream that was passed through, as what they add up to: a response (OpenAI's Responses), a message
 * (Anthropic's Messages), else the events, with texts that came in pieces as one: nobody finds a secret in pieces of it.
 */
export function fromEvents(events: readonly Fields[]): unknown {
  const end = events.findLast(({ type, response }) => ENDS.has(type as string) && isRecord(response))
  if (end) return end['response']
  const start = events.find(({ type, message }) => type === 'message_start' && isRecord(message))
  return start ? toMessage(start['message'] as Fields, events) : joinDeltas(events)
}

/** Anthropic, "Streaming messages": a message, blocks of content with their deltas, and what changes in the message. */
function toMessage(message: Fields, events: readonly Fields[]): Fields {
  const blocks = new Map<unknown, Fields>()
  let whole = message
  for (const { type, index, content_block: block, delta, usage } of events) {
    if (type === 'content_block_start' && isRecord(block)) blocks.set(index, { ...block })
    else if (type === 'content_block_delta' && isRecord(delta)) addDelta(blocks.get(index), delta)
    else if (type === 'message_delta') {
      const counted = isRecord(usage) ? { usage: { ...(whole['usage'] as Fields | undefined), ...usage } } : {}
      whole = { ...whole, ...(isRecord(delta) ? delta : {}), ...counted }
    }
  }
  const content = [...blocks].sort(([a], [b]) => Number(a) - Number(b)).map(([, block]) => withInput(block))
  return { ...whole, content }
}

function addDelta(block: Fields | undefined, { type: _type, ...delta }: Fields): void {
  if (!block) return
  for (const [name, value] of Object.entries(delta)) {
    const place = Object.hasOwn(PLACES, name) ? PLACES[name]! : name
    const before = block[place]
    if (typeof value === 'string') block[place] = `${typeof before === 'string' ? before : ''}${value}`
    else block[place] = [...(Array.isArray(before) ? (before as unknown[]) : []), value]
  }
}

/** A tool's input came as pieces of JSON. */
function withInput(block: Fields): Fields {
  const { input } = block
  if (typeof input !== 'string') return block
  try {
    return { ...block, input: JSON.parse(input) as unknown }
  } catch {
    return block
  }
}

/** OpenAI's events have pieces of text in `delta`; those of one text differ in that and in their number alone. */
function joinDeltas(events: readonly Fields[]): Fields[] {
  const joined: Fields[] = []
  const texts = new Map<string, { event: Fields; pieces: string[] }>()
  for (const event of events) {
    const { delta, sequence_number: _number, logprobs: _logprobs, obfuscation: _padding, ...rest } = event
    if (typeof delta !== 'string') {
      joined.push(event)
      continue
    }
    const key = JSON.stringify(rest)
    const text = texts.get(key)
    if (text) text.pieces.push(delta)
    else {
      const { logprobs: _pieces, ...first } = event
      texts.set(key, { event: first, pieces: [delta] })
      joined.push(first)
    }
  }
  for (const { event, pieces } of texts.values()) event['delta'] = pieces.join('')
  return joined
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
