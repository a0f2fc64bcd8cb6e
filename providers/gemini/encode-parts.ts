import { invalidRequest } from '../../src/index.ts'
import type { PlacedContext } from './dialect.ts'
import { encodeMedia, guessMimeType } from './encode-media.ts'
import { camelCase, isObject, textOf, type Json, type Part } from './json.ts'

/**
 * A message's content (a string, or OpenAI's parts) as Gemini's parts. Empty texts are left out: a part without data is
 * refused ("required oneof field 'data' must have one initialized field").
 */
export function encodeParts(content: unknown, at: PlacedContext): Part[] {
  if (typeof content === 'string') return content ? [{ text: content }] : []
  if (content === null || content === undefined) return []
  if (!Array.isArray(content)) throw invalidRequest(`\`${at.path}\` must be a string or a list of parts`, at.path)
  return content.flatMap((part: unknown, i) => encodePart(part, { ...at, path: `${at.path}[${i}]` }))
}

/** One of OpenAI's content parts; empty where it says nothing. */
export function encodePart(part: unknown, at: PlacedContext): Part[] {
  if (!isObject(part) || typeof part['type'] !== 'string') {
    throw invalidRequest(`\`${at.path}\` must be an object with a type`, at.path)
  }
  switch (part['type']) {
    case 'text':
    case 'refusal':
      return encodeText(part, part['type'], at)
    case 'image_url':
      return [encodeURL(part, 'image_url', { ...at, fallback: 'image/jpeg' })]
    case 'video_url':
      return [withVideoMetadata(encodeURL(part, 'video_url', { ...at, fallback: 'video/mp4' }), part)]
    case 'audio_url':
      return [encodeURL(part, 'audio_url', { ...at, fallback: 'audio/mp3' })]
    case 'input_audio':
      return [encodeAudio(part, at)]
    case 'file':
      return [withVideoMetadata(encodeFile(part, at), part)]
    default:
      at.translation.unsupported(at.path, 'Gemini takes text, images, audio, video and files')
      return []
  }
}

function encodeText(part: Json, key: 'text' | 'refusal', at: PlacedContext): Part[] {
  const text = part[key]
  if (typeof text !== 'string') throw invalidRequest(`\`${at.path}.${key}\` must be a string`, `${at.path}.${key}`)
  return text ? [{ text }] : []
}

function encodeURL(part: Json, key: string, at: PlacedContext & { fallback: string }): Part {
  const given = part[key]
  const url = isObject(given) ? textOf(given['url']) : textOf(given)
  const format = isObject(given) ? textOf(given['format']) : ''
  return encodeMedia({ url, format, fallback: at.fallback }, { ...at, path: `${at.path}.${key}.url` })
}

function encodeAudio(part: Json, at: PlacedContext): Part {
  const audio = part['input_audio']
  const path = `${at.path}.input_audio`
  if (!isObject(audio) || !textOf(audio['data']))
    throw invalidRequest(`\`${path}.data\` must be base64`, `${path}.data`)
  const data = textOf(audio['data'])
  const format = textOf(audio['format']).toLowerCase()
  if (/^data:/i.test(data)) return encodeMedia({ url: data, format: '', fallback: undefined }, { ...at, path })
  if (!/^[a-z0-9][a-z0-9.+-]*$/.test(format)) throw invalidRequest(`\`${path}.format\` is missing`, `${path}.format`)
  return { inlineData: { mimeType: format === 'pcm16' ? 'audio/pcm' : `audio/${format}`, data } }
}

function encodeFile(part: Json, at: PlacedContext): Part {
  const file = part['file']
  if (!isObject(file)) throw invalidRequest(`\`${at.path}.file\` must be an object`, `${at.path}.file`)
  const format = textOf(file['format'])
  const name = textOf(file['filename'])
  const id = textOf(file['file_id'])
  if (id) {
    const source = { url: id, format, fallback: guessMimeType(name) }
    return encodeMedia(source, { ...at, path: `${at.path}.file.file_id` })
  }
  const path = `${at.path}.file.file_data`
  const data = textOf(file['file_data'])
  if (!data) throw invalidRequest('A file part needs file_data or file_id', path)
  if (/^(?:data:|https?:\/\/|gs:\/\/)/i.test(data)) {
    return encodeMedia({ url: data, format, fallback: guessMimeType(name) ?? 'application/pdf' }, { ...at, path })
  }
  return { inlineData: { mimeType: format || (guessMimeType(name) ?? 'application/pdf'), data } }
}

/** Cut and frame rate of a video (`Part.videoMetadata`), which OpenAI's form has no field for. */
function withVideoMetadata(encoded: Part, part: Json): Part {
  const metadata = part['video_metadata'] ?? part['videoMetadata']
  if (!isObject(metadata)) return encoded
  return {
    ...encoded,
    videoMetadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [camelCase(key), value])),
  }
}
