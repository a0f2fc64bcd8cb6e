import { invalidRequest, type Translation } from '../../src/index.ts'
import { isObject, textOf, type Block, type Json } from './json.ts'

/** Where a part stands, for errors, and whom to tell what cannot be carried. */
export interface PartContext {
  /** `messages[2].content[0]` */
  path: string
  translation: Translation
}

const IMAGES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

/**
 * A message's content (a string or OpenAI's parts) as Anthropic's blocks. Blank text is left out: Anthropic refuses
 * "text content blocks" without a visible character. Blocks in Anthropic's own form pass as they are.
 */
export function encodeContent(content: unknown, { path, translation }: PartContext): Block[] {
  if (typeof content === 'string') return content.trim() ? [{ type: 'text', text: content }] : []
  if (content === null || content === undefined) return []
  if (!Array.isArray(content)) throw invalidRequest('The content must be a string or a list of parts', path)
  const blocks: Block[] = []
  content.forEach((part, i) => {
    const block = encodePart(part, { path: `${path}[${i}]`, translation })
    if (block) blocks.push(part.cache_control ? { ...block, cache_control: part.cache_control } : block)
  })
  return blocks
}

function encodePart(part: unknown, at: PartContext): Block | undefined {
  if (!isObject(part) || typeof part['type'] !== 'string') {
    throw invalidRequest('A content part must be an object with a type', at.path)
  }
  const type = part['type']
  if (type === 'text' || type === 'refusal') {
    const text = part[type]
    if (typeof text !== 'string') throw invalidRequest('The text of a part must be a string', `${at.path}.${type}`)
    return text.trim() ? { type: 'text', text } : undefined
  }
  if (type === 'image_url') return encodeImage(part, at)
  if (type === 'file') return encodeFile(part, at)
  if (type === 'input_audio' || type === 'video_url' || type === 'audio_url') {
    at.translation.unsupported(`${at.path}.${type}`, 'Anthropic takes text, images and documents')
    return undefined
  }
  return part as Block
}

function encodeImage(part: Json, at: PartContext): Block | undefined {
  const image = part['image_url']
  const url = isObject(image) ? textOf(image['url']) : textOf(image)
  const path = `${at.path}.image_url.url`
  // Claude looks at images in full; what asks for no less is granted.
  const detail = isObject(image) ? (image['detail'] ?? 'auto') : 'auto'
  if (detail !== 'auto' && detail !== 'high' && detail !== 'original') {
    at.translation.unsupported(`${at.path}.image_url.detail`, 'Anthropic has no coarser look')
  }
  if (/^https?:/i.test(url)) return { type: 'image', source: { type: 'url', url } }
  const data = parseDataUri(url)
  if (!data) throw invalidRequest('The image must be an http(s) URL or a data URI', path)
  const format = isObject(image) ? textOf(image['format']) : ''
  return fromData(format ? { ...data, mediaType: format } : data, { ...at, path })
}

function encodeFile(part: Json, at: PartContext): Block | undefined {
  const file = part['file']
  if (!isObject(file)) throw invalidRequest('A file part needs a file', `${at.path}.file`)
  const extras: Json = {}
  if (typeof file['filename'] === 'string') extras['title'] = file['filename']
  for (const key of ['citations', 'context']) if (part[key] !== undefined) extras[key] = part[key]
  const text = textOf(file['file_data'])
  // A URL in either place, as LiteLLM's clients write it.
  const url = [file['file_id'], text].find((each) => typeof each === 'string' && /^https?:\/\//i.test(each))
  if (url !== undefined || typeof file['file_id'] === 'string') {
    const source = url === undefined ? { type: 'file', file_id: file['file_id'] } : { type: 'url', url }
    // The id does not tell what was uploaded; `format` does, where the client gives it.
    if (textOf(file['format']).startsWith('image/')) return { type: 'image', source }
    return { type: 'document', source, ...extras }
  }
  const path = `${at.path}.file.file_data`
  if (!text) throw invalidRequest('A file part needs file_data or file_id', path)
  const data = parseDataUri(text) ?? { mediaType: guessType(file), base64: text }
  const block = fromData(data, { ...at, path })
  return block?.type === 'document' ? { ...block, ...extras } : block
}

interface Data {
  mediaType: string
  base64: string
}

function fromData({ mediaType, base64 }: Data, at: PartContext): Block | undefined {
  if (IMAGES.has(mediaType)) {
    return { type: 'image', source: { type: 'base64', media_type: mediaType, data: base64 } }
  }
  if (mediaType === 'application/pdf') {
    return { type: 'document', source: { type: 'base64', media_type: mediaType, data: base64 } }
  }
  if (mediaType.startsWith('text/') || mediaType === 'application/json') {
    const text = Buffer.from(base64, 'base64').toString()
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text } }
  }
  at.translation.unsupported(at.path, `Anthropic takes no ${mediaType || 'data of unknown type'} here`)
  return undefined
}

/** RFC 2397. Data that is not base64 is made so. The head is read alone: the data may be many megabytes long. */
function parseDataUri(uri: string): Data | undefined {
  if (!/^data:/i.test(uri)) return undefined
  const comma = uri.indexOf(',')
  if (comma < 0) return undefined
  const [mediaType = '', ...rest] = uri.slice(5, comma).toLowerCase().split(';')
  const data = uri.slice(comma + 1)
  if (rest.at(-1)?.trim() === 'base64') return { mediaType: mediaType || 'text/plain', base64: data }
  try {
    return { mediaType: mediaType || 'text/plain', base64: Buffer.from(decodeURIComponent(data)).toString('base64') }
  } catch {
    return undefined
  }
}

function guessType(file: Json): string {
  if (typeof file['format'] === 'string') return file['format']
  const extension = /\.(\w+)$/.exec(textOf(file['filename']).toLowerCase())?.[1]
  return extension === 'txt' || extension === 'md' || extension === 'csv' ? 'text/plain' : 'application/pdf'
}
