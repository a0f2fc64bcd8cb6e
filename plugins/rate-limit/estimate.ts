import { estimateTokens } from '../../src/index.ts'
import type { Call, Principal } from '../../src/index.ts'

/** Which tokens a limit counts: LiteLLM's `token_rate_limit_type`. */
export type CountedTokens = 'total' | 'input' | 'output'

/** What a call may take before its usage is known. */
export interface Estimate {
  readonly input: number
  readonly output: number
  /** The call does not say how long its answer may be, nor does its key: `output` is a guess of the gateway's. */
  readonly guessed: boolean
}

/** Of a limit, the part that a guess may take: a small limit must not be filled by what nobody asked for. */
const GUESS_PART = 10
/** Images, sounds and documents are not paid by the letter: some 1000 tokens each, as text of four characters a token. */
const MEDIUM_LENGTH = 4000
/** The shortest text in which a search for such data is worth it. */
const LONG_TEXT = 4000
const MOST_CHOICES = 128

/** Estimates the tokens of a call from its text and the length of answer that it allows. */
export function estimateCall(call: Call, principal: Principal | undefined, defaultOutput: number): Estimate {
  const input = typeof call.raw === 'string' ? estimateTokens(call.raw) - mediaTokens(call.raw) : 0
  const { body } = call
  const asked = positive(body['max_completion_tokens'] ?? body['max_tokens'] ?? body['max_output_tokens'])
  if (asked !== undefined) return { input, output: asked * choices(body), guessed: false }
  if (!generates(call)) return { input, output: 0, guessed: false }
  const declared = declaredOutput(call.model, principal?.metadata)
  return { input, output: (declared ?? defaultOutput) * choices(body), guessed: declared === undefined }
}

/** The tokens to reserve for one limit. */
export function reserveFor({ input, output, guessed }: Estimate, limit: number, counted: CountedTokens): number {
  const answer = guessed ? Math.min(output, Math.floor(limit / GUESS_PART)) : output
  return counted === 'input' ? input : counted === 'output' ? answer : input + answer
}

/** What the operator says that answers come to: LiteLLM's fields of a key. */
function declaredOutput(model: string, metadata: Principal['metadata']): number | undefined {
  if (!metadata) return undefined
  const byModel = metadata['default_estimated_output_tokens_per_model']
  const own =
    typeof byModel === 'object' && byModel !== null && Object.hasOwn(byModel, model)
      ? positive((byModel as Record<string, unknown>)[model])
      : undefined
  return own ?? positive(metadata['default_estimated_output_tokens'])
}

/** Embeddings, images and files have no answer of tokens. */
function generates({ wire, method, path }: Call): boolean {
  if (wire === 'openai.chat' || wire === 'openai.completions') return true
  return method === 'POST' && /\/(responses|messages|completions)$/.test(path)
}

function choices(body: Call['body']): number {
  const n = positive(body['n']) ?? 1
  const best = positive(body['best_of']) ?? 1
  return Math.min(MOST_CHOICES, Math.max(n, best, 1))
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 && value <= Number.MAX_SAFE_INTEGER / MOST_CHOICES / 2
    ? Math.ceil(value)
    : undefined
}

/** By how many tokens a text is shorter than its length says, for the media in it. */
function mediaTokens(text: string): number {
  if (text.length < LONG_TEXT) return 0
  let surplus = 0
  for (const mark of ['base64,', '"data"']) {
    for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
      const start = mark === '"data"' ? text.indexOf('"', at + mark.length) : at
      const end = start < 0 ? -1 : text.indexOf('"', start + 1)
      if (end < 0) break
      // A data URL has been counted by its own mark.
      if (mark === 'base64,' || !text.startsWith('data:', start + 1)) {
        surplus += Math.max(0, end - start - MEDIUM_LENGTH)
      }
      at = end - mark.length
    }
  }
  return Math.floor(surplus / 4)
}
