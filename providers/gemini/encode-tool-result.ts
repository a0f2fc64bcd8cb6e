import type { PlacedContext } from './dialect.ts'
import { encodeParts } from './encode-parts.ts'
import { isObject, textOf, type Json, type Part } from './json.ts'

/** Where a result stands, and which call it answers. */
export interface ToolResultContext extends PlacedContext {
  /** The function's name, as the call had it. */
  name: string
  /** The call's id; undefined where the API is not to be told. */
  id: string | undefined
  /** The call failed: the result says why (`is_error`, as in Anthropic's results). */
  failed: boolean
}

/**
 * A tool message's content as a function response. Media stand inside the response since Gemini 3 ("Multimodal function
 * responses"), beside it before.
 */
export function encodeToolResult(content: unknown, { name, id, failed, ...at }: ToolResultContext): Part[] {
  const parts = encodeParts(content, at)
  const text = parts.map((part) => textOf(part['text'])).join('')
  const media = parts.filter((part) => part['text'] === undefined)
  const functionResponse: Json = {
    ...(id === undefined ? {} : { id }),
    name,
    response: failed ? { error: text } : toResponse(text),
  }
  if (!media.length) return [{ functionResponse }]
  if (!at.features.modern) return [{ functionResponse }, ...media]
  return [{ functionResponse: { ...functionResponse, parts: media } }]
}

/**
 * `FunctionResponse.response` is an object. Texts that are one are sent as such, unless that would change them: numbers
 * become doubles, and `$ref` is read as a reference to media and refused.
 */
function toResponse(text: string): Json {
  const parsed = parseObject(text)
  return parsed && !/\d{16}/.test(text) && !hasReference(parsed) ? parsed : { result: text }
}

function parseObject(text: string): Json | undefined {
  if (!/^\s*\{/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function hasReference(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasReference)
  return isObject(value) && (Object.hasOwn(value, '$ref') || Object.values(value).some(hasReference))
}
