import { isObject, listOf, textOf, type Json } from './json.ts'

/** OpenAI's annotation for a source on the web. Offsets are characters of the whole `content`. */
export interface UrlCitation {
  type: 'url_citation'
  url_citation: { start_index: number; end_index: number; url: string; title: string }
}

/** What a candidate says of its sources. */
export interface Sources {
  groundingMetadata?: unknown
  citationMetadata?: unknown
}

/**
 * Sources as annotations of the answer's text: what a search found (`groundingMetadata`: chunks, and supports that tie
 * them to passages), and what was recited (`citationMetadata`). Gemini's offsets count UTF-8 bytes of a part.
 */
export function toAnnotations({ groundingMetadata, citationMetadata }: Sources, content: string): UrlCitation[] {
  if (!groundingMetadata && !citationMetadata) return []
  const out: UrlCitation[] = []
  const found = isObject(groundingMetadata) ? groundingMetadata : {}
  const chunks = listOf(found['groundingChunks']).map(toSource)
  const supports = listOf(found['groundingSupports']).filter(isObject)
  const text = { content, bytes: Buffer.from(content) }
  for (const support of supports) {
    const place = locate(support['segment'], text)
    for (const index of listOf(support['groundingChunkIndices'])) {
      const source = typeof index === 'number' ? chunks[index] : undefined
      if (source) out.push(cite(place, source))
    }
  }
  if (!supports.length) {
    for (const source of chunks) if (source) out.push(cite([0, content.length], source))
  }
  const recited = isObject(citationMetadata) ? citationMetadata : {}
  for (const source of listOf(recited['citationSources'] ?? recited['citations'])) {
    if (isObject(source) && textOf(source['uri'])) {
      out.push(cite(locate(source, text), { url: textOf(source['uri']), title: textOf(source['title']) }))
    }
  }
  return out
}

interface Source {
  url: string
  title: string
}

function toSource(chunk: unknown): Source | undefined {
  if (!isObject(chunk)) return undefined
  const source = [chunk['web'], chunk['retrievedContext'], chunk['maps']].find(isObject)
  const url = textOf(source?.['uri'])
  return source && url ? { url, title: textOf(source['title']) } : undefined
}

function cite([start_index, end_index]: [number, number], { url, title }: Source): UrlCitation {
  return { type: 'url_citation', url_citation: { start_index, end_index, url, title } }
}

/** Where a segment stands in the content. Its text, where given, corrects offsets that count from another part. */
function locate(segment: unknown, { content, bytes }: { content: string; bytes: Buffer }): [number, number] {
  const at: Json = isObject(segment) ? segment : {}
  const start = characters(bytes, at['startIndex'] ?? 0)
  const end = characters(bytes, at['endIndex'] ?? bytes.length)
  const text = textOf(at['text'])
  if (!text || content.slice(start, end) === text) return [start, Math.max(start, end)]
  const found = content.indexOf(text)
  return found < 0 ? [start, Math.max(start, end)] : [found, found + text.length]
}

function characters(bytes: Buffer, offset: unknown): number {
  return typeof offset === 'number' && offset > 0 ? bytes.toString('utf8', 0, offset).length : 0
}
