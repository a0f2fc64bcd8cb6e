import { invalidRequest } from '../../src/index.ts'
import type { PlainRequest } from '../../src/index.ts'
import { findBehaviour } from './behaviour.ts'
import type { Behaviour } from './behaviour.ts'
import { isRecord, lastText, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { hashOf, hexOf } from './hash.ts'

/** What the mock was asked, read once. */
export interface MockRequest {
  readonly method: string
  readonly path: string
  readonly body: Fields
  /** As the caller named it. */
  readonly model: string
  readonly behaviour: Behaviour
  /** From the body's hash: the same request always gets the same id. */
  readonly id: string
  /** Seconds since the epoch, from the hash too: some second of 2025. */
  readonly created: number
}

const START_OF_2025 = 1_735_689_600
const YEAR = 31_536_000

/** Reads a request. Throws a 400 where a JSON body is none. */
export async function readRequest(request: PlainRequest): Promise<MockRequest> {
  const url = new URL(request.url)
  const text = await readText(request.body)
  const body = parse(text, request.headers['content-type'] ?? 'application/json')
  const model = typeof body['model'] === 'string' ? body['model'] : 'mock'
  const [hash] = hashOf(text)
  return {
    method: request.method ?? 'POST',
    path: url.pathname,
    body,
    model,
    behaviour: findBehaviour(model, promptOf(body)),
    id: hexOf(text),
    created: START_OF_2025 + (hash % YEAR),
  }
}

/** The text that speaks to the model, wherever this endpoint has it. */
function promptOf(body: Fields): string {
  if (body['messages'] !== undefined) return lastText(body['messages'], 'user')
  const prompt = body['prompt'] ?? body['input']
  const first: unknown = Array.isArray(prompt) && typeof prompt[0] === 'string' ? prompt[0] : prompt
  return textOf(first)
}

function parse(text: string, type: string): Fields {
  if (text === '' || !type.startsWith('application/json')) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {
    // Said below, together with JSON that is no object.
  }
  throw invalidRequest('The body must be a JSON object.', null)
}

async function readText(body: PlainRequest['body']): Promise<string> {
  if (body === undefined) return ''
  if (typeof body === 'string') return body
  const decoder = new TextDecoder()
  if (body instanceof Uint8Array) return decoder.decode(body)
  let text = ''
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}
