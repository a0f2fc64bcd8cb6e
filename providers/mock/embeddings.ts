import { invalidRequest } from '../../src/index.ts'
import { toBase64 } from './base64.ts'
import { integerField } from './checks.ts'
import type { MockAnswer } from './events.ts'
import { createNoise, hashOf } from './hash.ts'
import { readTexts } from './read-texts.ts'
import type { MockRequest } from './request.ts'

const DIMENSIONS = 1536
const MOST_DIMENSIONS = 16_384

/** Answers `POST /embeddings` (OpenAI API reference, "Create embeddings"). Throws a 400. */
export function answerEmbeddings({ body, model }: MockRequest): MockAnswer {
  const inputs = readTexts(body['input'])
  if (!inputs) throw invalidRequest('`input` must be a string, a list of strings or of tokens.', 'input')
  const size = integerField(body, 'dimensions', { min: 1, max: MOST_DIMENSIONS, default: DIMENSIONS })
  const format = body['encoding_format'] ?? 'float'
  if (format !== 'float' && format !== 'base64') {
    throw invalidRequest('`encoding_format` must be float or base64.', 'encoding_format')
  }
  const tokens = inputs.reduce((sum, input) => sum + input.tokens, 0)
  return {
    tokens: 0,
    json: {
      object: 'list',
      data: inputs.map(({ text }, index) => {
        const vector = embed(text, size)
        return { object: 'embedding', index, embedding: format === 'base64' ? toBase64Floats(vector) : vector }
      }),
      model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
  }
}

/** A vector of length 1 that depends on the text alone. Its numbers are 32-bit floats, equal in both encodings. */
export function embed(text: string, size: number): number[] {
  const noise = createNoise(hashOf(text)[0])
  const raw = Array.from({ length: size }, noise)
  const length = Math.sqrt(raw.reduce((sum, x) => sum + x * x, 0))
  return raw.map((x) => Math.fround(x / length))
}

function toBase64Floats(numbers: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(numbers.length * 4))
  numbers.forEach((number, i) => view.setFloat32(i * 4, number, true))
  return toBase64(new Uint8Array(view.buffer))
}
