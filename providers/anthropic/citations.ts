import { isObject, textOf, type Json } from './json.ts'

/** OpenAI's annotation for a source on the web. Offsets are characters of the whole `content`. */
export interface UrlCitation {
  type: 'url_citation'
  url_citation: { start_index: number; end_index: number; url: string; title: string }
}

/** What a text block's citations become. */
export interface Citations {
  annotations: UrlCitation[]
  /** Citations of documents: OpenAI's form has no place for pages and character ranges. */
  others: Json[]
}

/** Sorts the citations of the text that stands at `start` to `end` of the answer. */
export function toAnnotations(citations: unknown, start: number, end: number): Citations {
  const out: Citations = { annotations: [], others: [] }
  for (const citation of Array.isArray(citations) ? citations : []) {
    if (!isObject(citation)) continue
    const url = textOf(citation['url']) || textOf(citation['source'])
    if (/^https?:/i.test(url)) {
      const title = textOf(citation['title'])
      out.annotations.push({ type: 'url_citation', url_citation: { start_index: start, end_index: end, url, title } })
    } else out.others.push(citation)
  }
  return out
}
