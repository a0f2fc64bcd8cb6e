import { invalidRequest } from '../../src/index.ts'
import { toBase64 } from './base64.ts'
import { integerField } from './checks.ts'
import type { MockAnswer } from './events.ts'
import { hashOf } from './hash.ts'
import { onePixelPng } from './png.ts'
import type { MockRequest } from './request.ts'
import { estimateTokens } from './tokens.ts'

/** Answers `POST /images/generations` with one pixel per image, coloured by the prompt. Throws a 400. */
export function answerImages({ body, created }: MockRequest): MockAnswer {
  const { prompt } = body
  if (typeof prompt !== 'string') throw invalidRequest('`prompt` must be a string.', 'prompt')
  const n = integerField(body, 'n', { min: 1, max: 10, default: 1 })
  const format = body['response_format'] ?? 'b64_json'
  if (format !== 'url' && format !== 'b64_json') {
    throw invalidRequest('`response_format` must be url or b64_json.', 'response_format')
  }
  const input = estimateTokens(prompt)
  return {
    tokens: 0,
    json: {
      created,
      data: Array.from({ length: n }, (_, i) => {
        const [colour] = hashOf(`${prompt} ${i}`)
        const png = toBase64(onePixelPng(colour & 255, (colour >>> 8) & 255, (colour >>> 16) & 255))
        return format === 'url' ? { url: `data:image/png;base64,${png}` } : { b64_json: png }
      }),
      usage: {
        input_tokens: input,
        output_tokens: n,
        total_tokens: input + n,
        input_tokens_details: { text_tokens: input, image_tokens: 0 },
      },
    },
  }
}
