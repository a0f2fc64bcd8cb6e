/** What of a prompt is not text, found by the types of its parts. */
export interface Parts {
  /** Pictures, sent or linked. */
  images: number
  /** Characters of base64 that are a picture or a sound, and so no text. */
  encoded: number
  /** Characters of base64 that are sounds. */
  audio: number
  /** Something is read that is not in the request, or whose size says nothing: a file, an earlier answer, a search. */
  elsewhere: boolean
}

type Json = Readonly<Record<string, unknown>>

/**
 * Looks through the messages of chats (OpenAI's and Anthropic's parts) and the items of Responses. What it does not know
 * stays text, which costs more.
 */
export function findParts(body: Json): Parts {
  const parts: Parts = { images: 0, encoded: 0, audio: 0, elsewhere: refersElsewhere(body) }
  walk(body['messages'], parts)
  walk(body['input'], parts)
  walk(body['system'], parts)
  return parts
}

function walk(list: unknown, parts: Parts): void {
  if (!Array.isArray(list)) return
  for (const item of list as unknown[]) {
    if (typeof item !== 'object' || item === null) continue
    const part = item as Json
    readPart(part, parts)
    walk(part['content'], parts)
    walk(part['output'], parts)
  }
}

function readPart(part: Json, parts: Parts): void {
  switch (part['type']) {
    case 'image_url':
    case 'input_image':
    case 'image':
      parts.images++
      parts.encoded += encodedIn(part['image_url']) + encodedIn(part['source'])
      return
    case 'input_audio':
    case 'audio': {
      const sound = encodedIn(part['input_audio']) + encodedIn(part['source'])
      parts.encoded += sound
      parts.audio += sound
      // An earlier answer's sound, by its id.
      if (sound === 0) parts.elsewhere = true
      return
    }
    case 'file':
    case 'input_file':
    case 'document':
    case 'video':
    case 'video_url':
    case 'input_video':
    case 'item_reference':
      parts.elsewhere = true
  }
}

/** Characters of a data URI, or of base64 in a field called `data`. */
function encodedIn(value: unknown): number {
  if (typeof value === 'string') return value.startsWith('data:') ? value.length : 0
  if (typeof value !== 'object' || value === null) return 0
  const { url, data } = value as { url?: unknown; data?: unknown }
  if (typeof data === 'string') return data.length
  return typeof url === 'string' && url.startsWith('data:') ? url.length : 0
}

/** Earlier answers, kept prompts, and tools of the provider's own, whose results the model reads. */
function refersElsewhere(body: Json): boolean {
  if (isGiven(body['previous_response_id']) || isGiven(body['conversation']) || isGiven(body['web_search_options'])) {
    return true
  }
  const { prompt, tools } = body
  if (typeof prompt === 'object' && prompt !== null && !Array.isArray(prompt)) return true
  return Array.isArray(tools) && (tools as unknown[]).some(isProvidersOwn)
}

/** A tool without a type is Anthropic's form of a function. */
function isProvidersOwn(tool: unknown): boolean {
  const type = (tool as { type?: unknown } | null)?.type
  return typeof type === 'string' && type !== 'function' && type !== 'custom'
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
