import { describe, expect, it } from 'vitest'
import type { ChatCompletion } from '../../../src/index.ts'
import { makeCall, makeProvider, makeTarget } from './fakes.ts'

const chat = makeProvider().endpoints['openai.chat']!

function decode(answer: unknown): ChatCompletion {
  return chat.decode!(answer, makeCall(), makeTarget()) as ChatCompletion
}

const candidate = (parts: unknown[], more: Record<string, unknown> = {}) => ({
  content: { role: 'model', parts },
  finishReason: 'STOP',
  index: 0,
  ...more,
})

/** The only choice of an answer with these parts. */
const choice = (parts: unknown[], more: Record<string, unknown> = {}) =>
  decode({ candidates: [candidate(parts, more)] }).choices[0]!

describe('an answer with sources', () => {
  it('names its sources', () => {
    const groundingMetadata = {
      webSearchQueries: ['euro 2024'],
      groundingChunks: [{ web: { uri: 'https://a.example', title: 'A' } }, { web: { uri: 'https://b.example' } }],
      groundingSupports: [
        { segment: { startIndex: 4, endIndex: 11, text: 'süß 👋'.slice(0, 4) }, groundingChunkIndices: [0, 1] },
        { segment: { startIndex: 500, endIndex: 510, text: 'Ende' }, groundingChunkIndices: [1, 7] },
      ],
    }
    const text = 'Äh: süß 👋 Ende'
    const { message } = choice([{ text }], { groundingMetadata })
    const cite = (start_index: number, end_index: number, url: string, title: string) => ({
      type: 'url_citation',
      url_citation: { start_index, end_index, url, title },
    })
    expect(message.annotations).toEqual([
      cite(4, 8, 'https://a.example', 'A'),
      cite(4, 8, 'https://b.example', ''),
      cite(11, 15, 'https://b.example', ''),
    ])
    expect(message.provider_specific_fields).toEqual({ grounding_metadata: groundingMetadata })
  })

  it('counts offsets in bytes, and cites as a whole where passages are not named', () => {
    const text = 'Äh: süß 👋 Ende'
    const web = { web: { uri: 'https://a.example', title: 'A' } }
    const spans = (more: Record<string, unknown>) =>
      (
        choice([{ text }], more).message.annotations as { url_citation: { start_index: number; end_index: number } }[]
      ).map(({ url_citation }) => text.slice(url_citation.start_index, url_citation.end_index))
    const support = (segment: unknown) => ({
      groundingMetadata: { groundingChunks: [web], groundingSupports: [{ segment, groundingChunkIndices: [0] }] },
    })
    expect(spans(support({ startIndex: 5, endIndex: 10 }))).toEqual(['süß'])
    expect(spans(support({ endIndex: 3 }))).toEqual(['Äh'])
    expect(spans(support({ startIndex: 9000, endIndex: 9001 }))).toEqual([''])
    expect(spans(support('x'))).toEqual([text])
    expect(spans({ groundingMetadata: { groundingChunks: [web] } })).toEqual([text])
    expect(
      spans({
        citationMetadata: { citationSources: [{ startIndex: 11, endIndex: 15, uri: 'https://c.example' }, {}] },
      }),
    ).toEqual(['👋'])
  })
})
