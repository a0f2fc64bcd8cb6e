import { invalidRequest } from '../../src/index.ts'
import type { Translation } from '../../src/index.ts'
import { isRecord } from './fields.ts'

/** A message's content as Ollama takes it: one text, images beside it. */
export interface OllamaContent {
  text: string
  /** Base64 without the data URI's head. */
  images: string[]
}

/**
 * Splits OpenAI's content (a string or a list of parts) into text and images. Several texts are joined by line feeds.
 * @param path of the content, for errors: `messages[0].content`
 */
export function toOllamaContent(content: unknown, path: string, translation: Translation): OllamaContent {
  if (typeof content === 'string') return { text: content, images: [] }
  if (!Array.isArray(content)) throw invalidRequest(`\`${path}\` must be a string or a list of parts`, path)
  const texts: string[] = []
  const images: string[] = []
  content.forEach((part: unknown, i) => {
    const at = `${path}[${i}]`
    if (!isRecord(part)) throw invalidRequest(`\`${at}\` must be an object`, at)
    const type = part['type']
    if (type === 'text' || type === 'refusal') {
      const text = part[type]
      if (typeof text !== 'string') throw invalidRequest(`\`${at}.${type}\` must be a string`, `${at}.${type}`)
      texts.push(text)
    } else if (type === 'image_url') {
      const image = toImage(part['image_url'], `${at}.image_url`, translation)
      if (image !== undefined) images.push(image)
    } else if (typeof type === 'string') {
      translation.unsupported(type === 'input_audio' || type === 'file' ? `${at}.${type}` : at)
    } else {
      throw invalidRequest(`\`${at}.type\` must be a string`, `${at}.type`)
    }
  })
  return { text: texts.join('\n'), images }
}

/** An image's data; undefined where it was dropped. */
export function toImage(image: unknown, path: string, translation: Translation): string | undefined {
  const url = isRecord(image) ? image['url'] : image
  if (typeof url !== 'string') throw invalidRequest(`\`${path}.url\` must be a string`, `${path}.url`)
  const detail = isRecord(image) ? (image['detail'] ?? 'auto') : 'auto'
  if (detail !== 'auto') translation.unsupported(`${path}.detail`)
  const head = /^data:(?:image\/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*;base64,/i.exec(url)?.[0]
  if (head === undefined) {
    translation.unsupported(path, 'Ollama takes images as base64 data URIs only')
    return undefined
  }
  return url.slice(head.length)
}
