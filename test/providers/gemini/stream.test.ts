import { describe, expect, it } from 'vitest'
import { createSseParser } from '../../../src/sse.ts'
import { makeCall, makeProvider, makeSink, makeTarget, type Written } from './fakes.ts'

const chat = makeProvider().endpoints['openai.chat']!

/** What a sink is told for a body that arrives in the given pieces. */
function readBytes(pieces: readonly Uint8Array[], body: Record<string, unknown> = {}): Written[] {
  const { sink, written } = makeSink()
  const decoder = chat.decodeStream!(sink, makeCall({ stream: true, ...body }), makeTarget())
  const parser = createSseParser((event) => decoder.event(event))
  for (const piece of pieces) parser.push(piece)
  parser.end()
  decoder.end?.()
  return written
}

const toBytes = (...events: unknown[]) =>
  new TextEncoder().encode(events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''))

const read = (events: readonly unknown[], body: Record<string, unknown> = {}) => readBytes([toBytes(...events)], body)

const said = (parts: unknown[], more: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
  ...rest,
})
const stop = { finishReason: 'STOP' }

describe('a stream', () => {
  const events = [
    said(
      [{ text: 'Hm', thought: true }],
      {},
      { usageMetadata: { promptTokenCount: 9, thoughtsTokenCount: 1, totalTokenCount: 10 } },
    ),
    said([{ text: 'Grüß' }]),
    said([{ text: ' dich 👋' }], stop, {
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 3, thoughtsTokenCount: 2, totalTokenCount: 14 },
    }),
  ]
  const expected = [
    { reasoning: 'Hm', choice: 0 },
    {
      usage: {
        prompt_tokens: 9,
        completion_tokens: 1,
        total_tokens: 10,
        completion_tokens_details: { reasoning_tokens: 1 },
      },
    },
    { text: 'Grüß', choice: 0 },
    { text: ' dich 👋', choice: 0 },
    {
      usage: {
        prompt_tokens: 9,
        completion_tokens: 5,
        total_tokens: 14,
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    },
    { finish: 'stop', choice: 0 },
  ]

  it('is reasoning, text, usage and one finish', () => {
    expect(read(events)).toEqual(expected)
  })

  it('is the same wherever it is split', () => {
    const bytes = toBytes(...events)
    for (let at = 1; at < bytes.length; at++) {
      expect(readBytes([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(expected)
    }
  })

  it('brings calls whole and numbered, over several events', () => {
    const written = read([
      said([
        { functionCall: { id: 'a', name: 'f', args: { x: 1 } }, thoughtSignature: 'c2ln' },
        { functionCall: { id: 'b', name: 'g' } },
      ]),
      said([{ functionCall: { name: 'h', args: {} } }]),
      said([{ text: '' }], stop),
    ])
    expect(written).toEqual([
      {
        delta: {
          tool_calls: [
            {
              index: 0,
              id: 'a',
              type: 'function',
              function: { name: 'f', arguments: '{"x":1}' },
              provider_specific_fields: { thought_signature: 'c2ln' },
              extra_content: { google: { thought_signature: 'c2ln' } },
            },
          ],
        },
        choice: 0,
      },
      {
        delta: { tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } }] },
        choice: 0,
      },
      {
        delta: {
          tool_calls: [
            {
              index: 2,
              id: expect.stringMatching(/^call_/),
              type: 'function',
              function: { name: 'h', arguments: '{}' },
            },
          ],
        },
        choice: 0,
      },
      { finish: 'tool_calls', choice: 0 },
    ])
  })

  it('calls one function where the client sent the deprecated functions', () => {
    const parts = [{ functionCall: { name: 'f', args: { x: 1 } } }, { functionCall: { name: 'g' } }]
    expect(read([said(parts, stop)], { functions: [{ name: 'f' }] })).toEqual([
      { delta: { function_call: { name: 'f', arguments: '{"x":1}' } }, choice: 0 },
      { finish: 'function_call', choice: 0 },
    ])
  })

  it('keeps choices apart', () => {
    const event = (a: string, b: string, more = {}) => ({
      candidates: [
        { content: { parts: [{ text: a }] }, index: 0, ...more },
        { content: { parts: [{ text: b }, { functionCall: { id: '1', name: 'f' } }] }, index: 1, ...more },
      ],
    })
    const written = read([event('a', 'b'), event('c', 'd', { finishReason: 'STOP' })])
    const of = (choice: number) =>
      written.flatMap((each) => ('choice' in each && each.choice === choice ? [Object.values(each)[0]] : []))
    const call = (index: number) => ({
      tool_calls: [{ index, id: '1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    })
    expect(of(0)).toEqual(['a', 'c', 'stop'])
    expect(of(1)).toEqual(['b', call(0), 'd', call(1), 'tool_calls'])
  })

  it('finishes once where every event names a reason', () => {
    expect(
      read([said([{ text: 'a' }], stop), said([{ text: 'b' }], stop), said([], { finishReason: 'MAX_TOKENS' })]),
    ).toEqual([
      { text: 'a', choice: 0 },
      { text: 'b', choice: 0 },
      { finish: 'length', choice: 0 },
    ])
  })

  it('tells at the end what belongs to the whole', () => {
    const code = { executableCode: { language: 'PYTHON', code: '1' } }
    const web = { web: { uri: 'https://a.example', title: 'A' } }
    const source = (uri: string) => ({ startIndex: 0, endIndex: 2, uri })
    const supports = [{ segment: { startIndex: 0, endIndex: 3, text: 'Öl' }, groundingChunkIndices: [0] }]
    const written = read([
      said([{ text: 'Hm.', thought: true }]),
      said([{ text: ' Yes.', thought: true, thoughtSignature: 'czE=' }, code]),
      said([{ text: 'Ö' }], {
        groundingMetadata: { webSearchQueries: ['q'] },
        citationMetadata: { citationSources: [source('https://c.example')] },
      }),
      said([{ text: 'l' }], { citationMetadata: { citationSources: [source('https://d.example')] } }),
      said([{ text: '', thoughtSignature: 'czI=' }], {
        finishReason: 'RECITATION',
        groundingMetadata: { groundingChunks: [web], groundingSupports: supports },
      }),
    ])
    const cite = (end_index: number, url: string, title = '') => ({
      type: 'url_citation',
      url_citation: { start_index: 0, end_index, url, title },
    })
    expect(written).toEqual([
      { reasoning: 'Hm.', choice: 0 },
      { reasoning: ' Yes.', choice: 0 },
      { text: 'Ö', choice: 0 },
      { text: 'l', choice: 0 },
      { delta: { thinking_blocks: [{ type: 'thinking', thinking: 'Hm. Yes.', signature: 'czE=' }] }, choice: 0 },
      {
        delta: {
          annotations: [cite(2, 'https://a.example', 'A'), cite(1, 'https://c.example'), cite(1, 'https://d.example')],
        },
        choice: 0,
      },
      {
        delta: {
          provider_specific_fields: {
            thought_signatures: ['czE=', 'czI='],
            gemini_parts: [code],
            grounding_metadata: { webSearchQueries: ['q'], groundingChunks: [web], groundingSupports: supports },
            citation_metadata: { citationSources: [source('https://c.example'), source('https://d.example')] },
            finish_reason: 'RECITATION',
          },
        },
        choice: 0,
      },
      { finish: 'content_filter', choice: 0 },
    ])
  })

  it('speaks as it comes, and shows images once: helpers of SDKs join no lists', () => {
    const written = read([
      said([
        { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
        { inlineData: { mimeType: 'audio/pcm', data: 'AQIDBA==' } },
      ]),
      said([{ inlineData: { mimeType: 'audio/pcm', data: 'BQYHCA==' } }]),
      said([{ inlineData: { mimeType: 'image/png', data: 'BBBB' } }], stop),
    ])
    const id = expect.stringMatching(/^audio_/) as unknown
    // 1 to 8, cut where base64 joins and no sample of 16 bits is cut.
    const image = (data: string) => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } })
    expect(written).toEqual([
      { delta: { audio: { id, data: 'AQIDBAUG' } }, choice: 0 },
      { delta: { audio: { data: 'Bwg=' } }, choice: 0 },
      { delta: { images: [image('AAAA'), image('BBBB')] }, choice: 0 },
      { finish: 'stop', choice: 0 },
    ])
  })

  it('of a blocked prompt is an empty answer', () => {
    const usageMetadata = { promptTokenCount: 5, totalTokenCount: 5 }
    expect(read([{ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata }])).toEqual([
      { usage: { prompt_tokens: 5, completion_tokens: 0, total_tokens: 5 } },
      { delta: { provider_specific_fields: { block_reason: 'SAFETY' } }, choice: 0 },
      { finish: 'content_filter', choice: 0 },
    ])
    expect(read([said([{ text: 'a' }]), { promptFeedback: { blockReason: 'OTHER' } }]).at(-1)).toEqual({
      finish: 'content_filter',
      choice: 0,
    })
  })
})

describe('a broken stream', () => {
  it('fails with the error that it reports', () => {
    const error = { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' }
    expect(read([said([{ text: 'a' }]), { error }, said([{ text: 'b' }], stop)])).toEqual([
      { text: 'a', choice: 0 },
      {
        fail: {
          status: 503,
          message: 'The model is overloaded.',
          type: 'overloaded_error',
          code: 'overloaded',
          param: null,
        },
      },
    ])
  })

  const bad = (message: string) => ({ fail: { status: 502, message, type: 'api_error', code: 'bad_upstream_answer' } })
  it.each([
    [
      'ends before the answer',
      [said([{ text: 'a' }])],
      [{ text: 'a', choice: 0 }, bad('the stream ended before the answer did')],
    ],
    [
      'holds no answer',
      [{ usageMetadata: { promptTokenCount: 1 } }],
      [{ usage: { prompt_tokens: 1, completion_tokens: 0, total_tokens: 1 } }, bad('the stream holds no answer')],
    ],
    ['holds a list', [[1, 2]], [bad('the stream holds an event that is not a JSON object')]],
    ['is empty', [], [bad('the stream holds no answer')]],
  ])('fails where it %s', (_what, events, expected) => {
    expect(read(events)).toEqual(expected)
  })

  it('fails where an event is no JSON', () => {
    const bytes = new TextEncoder().encode('data: {"candidates":\n\n')
    expect(readBytes([bytes])).toEqual([bad('the stream holds an event that is not a JSON object')])
  })
})
