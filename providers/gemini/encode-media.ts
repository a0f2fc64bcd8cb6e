import { invalidRequest } from '../../src/index.ts'
import type { PlacedContext } from './dialect.ts'
import type { Part } from './json.ts'

/** Data inside a request (`Part.inlineData`). */
export interface InlineData {
  mimeType: string
  /** Base64. */
  data: string
}

/** Where media come from, and what is known of their type. */
export interface MediaSource {
  /** A data URI, an http(s) or gs URL, or a name of the Files API. */
  url: string
  /** MIME type given by the client; wins over what the URL says. */
  format: string
  /** MIME type of URLs that tell none. */
  fallback: string | undefined
}

const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  bmp: 'image/bmp',
  heic: 'image/heic',
  heif: 'image/heif',
  avif: 'image/avif',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  aiff: 'audio/aiff',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  m4a: 'audio/m4a',
  opus: 'audio/opus',
  mp4: 'video/mp4',
  mpeg: 'video/mpeg',
  mpg: 'video/mpg',
  mov: 'video/mov',
  avi: 'video/avi',
  flv: 'video/x-flv',
  webm: 'video/webm',
  wmv: 'video/wmv',
  '3gp': 'video/3gpp',
  pdf: 'application/pdf',
  json: 'application/json',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  htm: 'text/html',
  xml: 'text/xml',
  css: 'text/css',
  js: 'text/javascript',
  py: 'text/x-python',
  rtf: 'text/rtf',
}

/**
 * Media as a part: data as `inlineData`, everything that Google fetches itself as `fileData`. The type of what Google
 * keeps or knows (its files, YouTube) is left to Google.
 * @throws {GatewayError} 400 where the source is none of these
 */
export function encodeMedia({ url, format, fallback }: MediaSource, at: PlacedContext): Part {
  const data = parseDataUri(url)
  if (data) return { inlineData: format ? { ...data, mimeType: format } : data }
  const { filesURL } = at.dialect
  const fileUri = /^files\/[\w.-]+$/.test(url) && filesURL !== undefined ? filesURL + url : url
  if (!/^(?:https?|gs):\/\//i.test(fileUri)) {
    throw invalidRequest(`\`${at.path}\` must be a data URI, an http(s) or gs URL or a file's name`, at.path)
  }
  const mimeType = format || (isTyped(fileUri) ? undefined : (guessMimeType(fileUri) ?? fallback))
  return { fileData: mimeType ? { mimeType, fileUri } : { fileUri } }
}

/** The MIME type of a file name or URL by its extension. */
export function guessMimeType(name: string): string | undefined {
  const path = name.split(/[?#]/, 1)[0] ?? ''
  const extension = /\.(\w{1,5})$/.exec(path)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined
}

/** RFC 2397. Data that is not base64 is made so. Only the head is looked at: the data may be many megabytes long. */
export function parseDataUri(uri: string): InlineData | undefined {
  if (!/^data:/i.test(uri)) return undefined
  const comma = uri.indexOf(',')
  if (comma < 0) return undefined
  const [type = '', ...rest] = uri.slice(5, comma).toLowerCase().split(';')
  const mimeType = type.trim() || 'text/plain'
  const data = uri.slice(comma + 1)
  if (rest.at(-1)?.trim() === 'base64') return { mimeType, data }
  try {
    return { mimeType, data: Buffer.from(decodeURIComponent(data)).toString('base64') }
  } catch {
    return undefined
  }
}

function isTyped(uri: string): boolean {
  return /^https?:\/\/(?:(?:www\.|m\.)?youtube\.com|youtu\.be)\//i.test(uri) || /\/v\d\w*\/files\/[\w.-]+$/.test(uri)
}
