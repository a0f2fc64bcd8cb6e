import { invalidRequest } from '../../src/index.ts'
import type { PlacedContext } from './dialect.ts'
import { encodeMedia } from './encode-media.ts'
import { encodePart, encodeParts } from './encode-parts.ts'
import { isObject, listOf, textOf, type Json, type Part } from './json.ts'

/** Where an assistant message stands, and what later results need of it. */
export interface AssistantContext extends PlacedContext {
  /** Filled with the calls of this message: id → function name. */
  names: Map<string, string>
}

const THOUGHTS = new Set(['thinking', 'redacted_thinking', 'reasoning'])

/** An assistant message as a model turn: thoughts, what ran at Google, text, images, calls. */
export function encodeAssistant(message: Json, at: AssistantContext): Part[] {
  const fields = isObject(message['provider_specific_fields']) ? message['provider_specific_fields'] : {}
  // Other providers sign their thoughts too, and a foreign signature is refused: only those that an answer of Gemini
  // vouches for are sent back.
  const signatures = new Set(listOf(fields['thought_signatures']).filter((each) => typeof each === 'string'))
  const thoughts = encodeThoughts(message['thinking_blocks'], signatures)
  const own = listOf(fields['gemini_parts']).filter(isObject)
  const images = encodeImages(message['images'], at)
  const text = encodeText(message, at)
  sign(text, [...signatures].at(-1))
  if (message['audio']) at.translation.unsupported(`${at.path}.audio`, 'Gemini cannot be sent its own audio again')
  return [...thoughts, ...own, ...text, ...images, ...encodeCalls(message, at)]
}

/** What the model thought, where it is signed. Unsigned thoughts are summaries, which the model does not need. */
function encodeThoughts(blocks: unknown, signatures: Set<string>): Part[] {
  return listOf(blocks).flatMap((block): Part[] => {
    const signature = isObject(block) && block['type'] === 'thinking' ? textOf(block['signature']) : ''
    if (!isObject(block) || !signatures.delete(signature)) return []
    return [{ text: textOf(block['thinking']), thought: true, thoughtSignature: signature }]
  })
}

function encodeText(message: Json, at: PlacedContext): Part[] {
  const content = message['content']
  const path = `${at.path}.content`
  if (!Array.isArray(content)) {
    const parts = encodeParts(content, { ...at, path })
    return parts.length ? parts : encodeParts(textOf(message['refusal']), at)
  }
  return content.flatMap((part: unknown, i): Part[] => {
    // Thoughts repeat what `thinking_blocks` says with its signature.
    if (isObject(part) && THOUGHTS.has(textOf(part['type']))) return []
    return encodePart(part, { ...at, path: `${path}[${i}]` })
  })
}

/** A signature belongs to the last text, or to an empty one ("Thought signatures", non-function calling). */
function sign(parts: Part[], signature: unknown): void {
  if (signature === undefined) return
  const at = parts.findLastIndex((part) => typeof part['text'] === 'string')
  if (at < 0) parts.push({ text: '', thoughtSignature: signature })
  else parts[at] = { ...parts[at], thoughtSignature: signature }
}

/** Images that a model made, with the signatures that it wants back for further edits. */
function encodeImages(images: unknown, at: PlacedContext): Part[] {
  return listOf(images).flatMap((image, i): Part[] => {
    const url = isObject(image) && isObject(image['image_url']) ? textOf(image['image_url']['url']) : ''
    if (!isObject(image) || !url) return []
    const part = encodeMedia(
      { url, format: '', fallback: 'image/png' },
      { ...at, path: `${at.path}.images[${i}].image_url.url` },
    )
    const signature = signatureOf(image)
    return [signature ? { ...part, thoughtSignature: signature } : part]
  })
}

function encodeCalls(message: Json, at: AssistantContext): Part[] {
  const parts = listOf(message['tool_calls']).flatMap((call, i): Part[] => {
    const path = `${at.path}.tool_calls[${i}]`
    if (!isObject(call)) throw invalidRequest(`\`${path}\` must be an object`, path)
    const fn = call['function']
    if (!isObject(fn)) {
      at.translation.unsupported(path, 'Gemini has function calls only')
      return []
    }
    return [encodeCall(call, fn, { ...at, path: `${path}.function` })]
  })
  const legacy = message['function_call']
  return isObject(legacy) ? [...parts, encodeCall({}, legacy, { ...at, path: `${at.path}.function_call` })] : parts
}

function encodeCall(call: Json, fn: Json, at: AssistantContext): Part {
  const name = textOf(fn['name'])
  if (!name) throw invalidRequest(`\`${at.path}.name\` must be a string`, `${at.path}.name`)
  const id = textOf(call['id'])
  if (id) at.names.set(id, name)
  const functionCall: Json = { name, args: parseArguments(fn['arguments'], `${at.path}.arguments`) }
  if (id && at.features.modern && at.dialect.callIds) functionCall['id'] = id
  const signature = signatureOf(call) || signatureOf(fn)
  return signature ? { functionCall, thoughtSignature: signature } : { functionCall }
}

/** Where this gateway, and Google's own OpenAI endpoint (`extra_content`), keep a signature. */
function signatureOf(holder: Json): string {
  const fields = holder['provider_specific_fields']
  const own = isObject(fields) ? textOf(fields['thought_signature']) : ''
  const extra = isObject(holder['extra_content']) ? holder['extra_content']['google'] : undefined
  return own || (isObject(extra) ? textOf(extra['thought_signature']) : '')
}

function parseArguments(text: unknown, path: string): Json {
  if (text === undefined || text === null || text === '') return {}
  try {
    const value: unknown = JSON.parse(textOf(text))
    if (isObject(value)) return value
  } catch {
    // Said below, with the field's name.
  }
  throw invalidRequest(`\`${path}\` must be the text of a JSON object`, path)
}
