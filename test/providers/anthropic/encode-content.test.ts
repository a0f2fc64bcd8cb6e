import { describe, expect, test } from 'vitest'
import { encodeMessages } from '../../../providers/anthropic/encode-messages.ts'
import { fakeTranslation } from './fakes.ts'

const encode = (messages: unknown) => encodeMessages(messages, fakeTranslation())
const refusal = (messages: unknown) => {
  try {
    encodeMessages(messages, fakeTranslation(undefined, false))
  } catch (error) {
    const { status, param, message, code } = error as Record<string, unknown>
    return { status, param, message, code }
  }
  return undefined
}

describe('content parts', () => {
  const part = (content: unknown) =>
    (encode([{ role: 'user', content: [content] }]).messages[0]!.content as unknown[])[0]
  const pdf = Buffer.from('%PDF-1.4').toString('base64')

  test.each([
    [
      'data URI of a picture',
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'high' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
    ],
    [
      'URL given as a string, with a cache mark',
      { type: 'image_url', image_url: 'https://example.com/a.png', cache_control: { type: 'ephemeral' } },
      {
        type: 'image',
        source: { type: 'url', url: 'https://example.com/a.png' },
        cache_control: { type: 'ephemeral' },
      },
    ],
    [
      'media type overruled by format',
      { type: 'image_url', image_url: { url: 'data:application/octet-stream;base64,AA==', format: 'image/webp' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'AA==' } },
    ],
    [
      'PDF',
      { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${pdf}` } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf }, title: 'a.pdf' },
    ],
    [
      'bare base64 of a PDF, with citations',
      { type: 'file', file: { file_data: pdf }, citations: { enabled: true } },
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: pdf },
        citations: { enabled: true },
      },
    ],
    [
      'text, not base64',
      { type: 'file', file: { file_data: 'data:text/plain,Gr%C3%BC%C3%9Fe' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Grüße' } },
    ],
    [
      'text by file name',
      { type: 'file', file: { filename: 'a.md', file_data: Buffer.from('# Ü').toString('base64') } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '# Ü' }, title: 'a.md' },
    ],
    [
      'uploaded document',
      { type: 'file', file: { file_id: 'file_011' } },
      { type: 'document', source: { type: 'file', file_id: 'file_011' } },
    ],
    [
      'uploaded picture',
      { type: 'file', file: { file_id: 'file_011', format: 'image/png' } },
      { type: 'image', source: { type: 'file', file_id: 'file_011' } },
    ],
    ...(['file_id', 'file_data'] as const).map((place): [string, object, object] => [
      `a URL as ${place}`,
      { type: 'file', file: { [place]: 'https://a.example/report.pdf', format: 'application/pdf' } },
      { type: 'document', source: { type: 'url', url: 'https://a.example/report.pdf' } },
    ]),
    [
      'the URL of a picture',
      { type: 'file', file: { file_id: 'https://a.example/p', format: 'image/png' } },
      { type: 'image', source: { type: 'url', url: 'https://a.example/p' } },
    ],
    ...['auto', 'high', 'original', null].map((detail): [string, object, object] => [
      `detail ${detail}`,
      { type: 'image_url', image_url: { url: 'https://a.example/p.png', detail } },
      { type: 'image', source: { type: 'url', url: 'https://a.example/p.png' } },
    ]),
    [
      "Anthropic's own block",
      { type: 'search_result', source: 'https://example.com', title: 'T', content: [{ type: 'text', text: 'x' }] },
      { type: 'search_result', source: 'https://example.com', title: 'T', content: [{ type: 'text', text: 'x' }] },
    ],
  ])('%s', (_, given, expected) => {
    expect(part(given)).toEqual(expected)
  })

  test.each([
    [{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }, 'messages[0].content[1].input_audio'],
    [{ type: 'video_url', video_url: { url: 'https://a.example/v.mp4' } }, 'messages[0].content[1].video_url'],
    [
      { type: 'image_url', image_url: { url: 'data:image/svg+xml;base64,AA==' } },
      'messages[0].content[1].image_url.url',
    ],
    [
      { type: 'file', file: { file_data: 'data:application/msword;base64,AA==' } },
      'messages[0].content[1].file.file_data',
    ],
  ])('%j is refused or dropped by name', (odd, param) => {
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'a' }, odd] }]
    const translation = fakeTranslation()
    expect(encodeMessages(messages, translation).messages).toEqual([{ role: 'user', content: 'a' }])
    expect(translation.dropped).toEqual([param])
    expect(refusal(messages)).toMatchObject({ status: 400, param, code: 'unsupported_parameter' })
  })

  test('a coarser look is refused by name, or dropped', () => {
    const image = { type: 'image_url', image_url: { url: 'https://a.example/p.png', detail: 'low' } }
    const messages = [{ role: 'user', content: [image] }]
    const param = 'messages[0].content[0].image_url.detail'
    expect(refusal(messages)).toMatchObject({ status: 400, param, code: 'unsupported_parameter' })
    const translation = fakeTranslation()
    expect(encodeMessages(messages, translation).messages[0]!.content).toHaveLength(1)
    expect(translation.dropped).toEqual([param])
  })

  test.each([
    [{ type: 'image_url', image_url: { url: 'ftp://a.example/a.png' } }, 'messages[0].content[0].image_url.url'],
    [{ type: 'image_url' }, 'messages[0].content[0].image_url.url'],
    [{ type: 'file' }, 'messages[0].content[0].file'],
    [{ type: 'file', file: {} }, 'messages[0].content[0].file.file_data'],
  ])('%j: 400 with the place', (odd, param) => {
    expect(refusal([{ role: 'user', content: [odd] }])).toMatchObject({ status: 400, param })
  })
})
