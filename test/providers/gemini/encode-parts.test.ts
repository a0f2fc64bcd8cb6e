import { describe, expect, it } from 'vitest'
import { encodeMessages, refusal } from './fakes.ts'

const user = (content: unknown) => ({ role: 'user', content })
const part = async (content: unknown) =>
  ((await encodeMessages([user([content])])) as { parts: unknown[] }[])[0]!.parts[0]

describe('content parts', () => {
  const png = 'data:image/png;base64,iVBORw0KGgo='
  it.each([
    [
      'image data',
      { type: 'image_url', image_url: { url: png } },
      { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
    ],
    [
      'image data with a format',
      { type: 'image_url', image_url: { url: png, format: 'image/webp' } },
      { inlineData: { mimeType: 'image/webp', data: 'iVBORw0KGgo=' } },
    ],
    [
      'an image as plain URL',
      { type: 'image_url', image_url: 'https://example.org/a.webp?x=1#y' },
      { fileData: { mimeType: 'image/webp', fileUri: 'https://example.org/a.webp?x=1#y' } },
    ],
    [
      'an image of unknown type',
      { type: 'image_url', image_url: { url: 'https://example.org/a' } },
      { fileData: { mimeType: 'image/jpeg', fileUri: 'https://example.org/a' } },
    ],
    [
      'an image in a bucket',
      { type: 'image_url', image_url: { url: 'gs://bucket/a.heic' } },
      { fileData: { mimeType: 'image/heic', fileUri: 'gs://bucket/a.heic' } },
    ],
    [
      'an image whose format is told',
      { type: 'image_url', image_url: { url: 'https://example.org/a.jpg', format: 'image/png' } },
      { fileData: { mimeType: 'image/png', fileUri: 'https://example.org/a.jpg' } },
    ],
    [
      'a file of the Files API',
      { type: 'file', file: { file_id: 'https://generativelanguage.googleapis.com/v1beta/files/abc-1' } },
      { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc-1' } },
    ],
    [
      'a file by name',
      { type: 'file', file: { file_id: 'files/abc-1', format: 'application/pdf' } },
      {
        fileData: {
          mimeType: 'application/pdf',
          fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc-1',
        },
      },
    ],
    [
      'text that is not base64',
      { type: 'file', file: { file_data: 'data:text/plain;charset=utf-8,gr%C3%BC%C3%9F' } },
      { inlineData: { mimeType: 'text/plain', data: 'Z3LDvMOf' } },
    ],
    [
      'a file as data',
      { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBE', filename: 'a.pdf' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBE' } },
    ],
    [
      'a file as bare base64',
      { type: 'file', file: { file_data: 'YSxi', filename: 'table.csv' } },
      { inlineData: { mimeType: 'text/csv', data: 'YSxi' } },
    ],
    [
      'a file without a name',
      { type: 'file', file: { file_data: 'JVBE' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBE' } },
    ],
    [
      'audio',
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
      { inlineData: { mimeType: 'audio/wav', data: 'UklGRg==' } },
    ],
    [
      'raw audio',
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'pcm16' } },
      { inlineData: { mimeType: 'audio/pcm', data: 'AAAA' } },
    ],
    [
      'a video',
      { type: 'video_url', video_url: { url: 'https://example.org/v.mov' } },
      { fileData: { mimeType: 'video/mov', fileUri: 'https://example.org/v.mov' } },
    ],
    [
      'a video of YouTube, cut',
      {
        type: 'video_url',
        video_url: { url: 'https://www.youtube.com/watch?v=abc' },
        video_metadata: { start_offset: '5s', fps: 2 },
      },
      { fileData: { fileUri: 'https://www.youtube.com/watch?v=abc' }, videoMetadata: { startOffset: '5s', fps: 2 } },
    ],
  ])('%s', async (_what, given, expected) => {
    expect(await part(given)).toEqual(expected)
  })

  it.each([
    ['a local path', { type: 'image_url', image_url: { url: 'file:///etc/passwd' } }, 'image_url.url'],
    ['broken data', { type: 'image_url', image_url: { url: 'data:image/png' } }, 'image_url.url'],
    ['an id of another provider', { type: 'file', file: { file_id: 'file-abc' } }, 'file.file_id'],
    ['an empty file', { type: 'file', file: {} }, 'file.file_data'],
    ['audio without data', { type: 'input_audio', input_audio: { format: 'wav' } }, 'input_audio.data'],
    ['audio without format', { type: 'input_audio', input_audio: { data: 'AAAA' } }, 'input_audio.format'],
  ])('%s is refused by name', async (_what, given, path) => {
    expect(await refusal({ messages: [user([given])] })).toBe(`400 null messages[0].content[0].${path}`)
  })
})
