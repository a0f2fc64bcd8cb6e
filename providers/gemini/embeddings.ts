import { estimateTokens, invalidRequest } from '../../src/index.ts'
import type { Call, EmbeddingList, Target, Translation } from '../../src/index.ts'
import { badAnswer } from './decode.ts'
import { camelCase, isObject, listOf, type Json } from './json.ts'
import { toModelPath } from './model-path.ts'

const KNOWN: ReadonlySet<string> = new Set(['model', 'input', 'encoding_format', 'dimensions', 'user', '__proto__'])
/** Fields of `EmbedContentRequest` that clients may give as they are, in either spelling. */
const OWN = new Set(['taskType', 'title', 'outputDimensionality', 'autoTruncate'])

/**
 * OpenAI's embeddings request as the body of batchEmbedContents: one request for every text, because the texts of one
 * would be embedded together.
 */
export function encodeEmbeddings(call: Call, translation: Translation): Json {
  const { body } = call
  const shared: Json = {}
  for (const [field, value] of Object.entries(body)) {
    if (value === null || value === undefined || KNOWN.has(field)) continue
    if (OWN.has(camelCase(field))) shared[camelCase(field)] = value
    else translation.unsupported(field)
  }
  const format = body['encoding_format'] ?? 'float'
  if (format !== 'float' && format !== 'base64') {
    throw invalidRequest('`encoding_format` must be float or base64', 'encoding_format')
  }
  const dimensions = body['dimensions'] ?? undefined
  if (dimensions !== undefined) shared['outputDimensionality'] = dimensions
  const model = toModelPath(translation.target.model)
  return { requests: toTexts(body['input']).map((text) => ({ model, content: { parts: [{ text }] }, ...shared })) }
}

/**
 * An answer of batchEmbedContents as OpenAI's list, in the encoding that the client asked for. Older models count no
 * tokens: then they are estimated from the texts.
 * @throws {GatewayError} 502 where it is no such answer
 */
export function decodeEmbeddings(body: unknown, call: Call, target: Target): EmbeddingList {
  const answer = isObject(body) ? body : {}
  const vectors = answer['embedding'] === undefined ? listOf(answer['embeddings']) : [answer['embedding']]
  if (!vectors.length) throw badAnswer('the answer holds no embeddings')
  const base64 = call.body['encoding_format'] === 'base64'
  const data = vectors.map((vector, index) => {
    const values = isObject(vector) && Array.isArray(vector['values']) ? (vector['values'] as number[]) : undefined
    if (!values) throw badAnswer('the answer holds an embedding without values')
    return { object: 'embedding' as const, index, embedding: base64 ? toBase64Floats(values) : values }
  })
  const tokens = countTokens(answer['usageMetadata'], call)
  return { object: 'list', data, model: target.model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

function countTokens(metadata: unknown, call: Call): number {
  const counted = isObject(metadata) ? (metadata['promptTokenCount'] ?? metadata['totalTokenCount']) : undefined
  if (typeof counted === 'number' && counted >= 0) return Math.trunc(counted)
  const { input } = call.body
  const texts = (Array.isArray(input) ? input : [input]).filter((text) => typeof text === 'string')
  return texts.reduce((sum, text) => sum + estimateTokens(text), 0)
}

function toTexts(input: unknown): string[] {
  const list: unknown[] = Array.isArray(input) ? input : [input]
  const texts = list.filter((text): text is string => typeof text === 'string')
  if (texts.length && texts.length === list.length) return texts
  if (list.some((each) => typeof each === 'number' || Array.isArray(each))) {
    throw invalidRequest('Gemini takes `input` as text, not as tokens', 'input', 'unsupported_parameter')
  }
  throw invalidRequest('`input` must be a string or a list of strings', 'input')
}

/** `encoding_format: 'base64'`: little-endian 32-bit floats. */
function toBase64Floats(values: readonly number[]): string {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => bytes.writeFloatLE(value, i * 4))
  return bytes.toString('base64')
}
