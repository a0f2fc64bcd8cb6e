import type { Call, Target } from '../../src/index.ts'
import { fieldFor } from './call-size.ts'
import type { CallSize } from './call-size.ts'

/** The output of a call at one target. */
export interface OutputBound {
  readonly tokens: number
  /** Nobody has set a maximum: the answer may become longer than this. */
  readonly open: boolean
}

/** Fields that each kind of call states its maximum in. A field of another kind is not heeded upstream. */
const MAXIMUM = {
  chat: ['max_completion_tokens', 'max_tokens'],
  completions: ['max_tokens'],
  responses: ['max_output_tokens'],
} as const
/** A picture in tokens: the largest of gpt-image-1 has 6240 (OpenAI, "Image generation"). */
const PICTURE_TOKENS = 8192
/** Speech has some 20 tokens a second and 15 characters. */
const SPEECH_TOKENS_PER_CHARACTER = 2
/** Pictures in an upload's answer, where `n` is not read. */
const MOST_PICTURES = 10
/** Reasoning that a provider may add to an answer whose maximum nobody has set. */
const REASONING_TOKENS = 32_768

/** The most tokens that a target can answer with: what the call allows, else the model's limit, else the default. */
export function outputBound(
  call: Call,
  target: Target,
  { size, defaultTokens }: { size: CallSize; defaultTokens: number },
): OutputBound {
  switch (size.kind) {
    case 'nothing':
    case 'vectors':
      return { tokens: 0, open: false }
    case 'images':
      return { tokens: picturesOf(call) * PICTURE_TOKENS, open: false }
    case 'speech':
      return { tokens: size.bytes * SPEECH_TOKENS_PER_CHARACTER, open: false }
    case 'transcript':
      return { tokens: defaultTokens, open: true }
  }
  const { kind } = size
  const field = (name: string) => positive(fieldFor(call, target, name))
  const choices = Math.max(1, field('n') ?? 1, field('best_of') ?? 1) * promptsOf(call)
  const predicted = call.body['prediction'] === undefined ? 0 : size.text
  // Both may be given, and each provider heeds its own.
  const given = MAXIMUM[kind].map(field).filter((tokens) => tokens !== undefined)
  if (call.wire === 'openai.*' && kind === 'chat') given.push(...passedMaximum(field))
  if (given.length > 0) return { tokens: Math.max(...given) * choices + predicted, open: false }
  const { info } = target.deployment
  const limit = positive(info['max_output_tokens']) ?? positive(info['max_tokens'])
  const tokens = limit ?? defaultTokens + reasoningOf(call, target)
  return { tokens: tokens * choices + predicted, open: limit === undefined }
}

/** Pictures that are asked for. */
export function picturesOf({ body, raw }: Call): number {
  return typeof raw === 'string' ? Math.max(1, positive(body['n']) ?? 1) : MOST_PICTURES
}

/** Of a path that nobody knows, any spelling counts. */
function passedMaximum(field: (name: string) => number | undefined): number[] {
  const tokens = field('max_output_tokens')
  return tokens === undefined ? [] : [tokens]
}

/** A completion answers every prompt of a list. */
function promptsOf({ wire, body }: Call): number {
  const { prompt } = body
  if (wire !== 'openai.completions' || !Array.isArray(prompt)) return 1
  return typeof prompt[0] === 'number' ? 1 : Math.max(1, prompt.length)
}

function reasoningOf(call: Call, target: Target): number {
  const budget = (fieldFor(call, target, 'thinking') as { budget_tokens?: unknown } | null | undefined)?.budget_tokens
  const effort = fieldFor(call, target, 'reasoning_effort') ?? call.body['reasoning']
  return positive(budget) ?? (effort === undefined || effort === null || effort === 'none' ? 0 : REASONING_TOKENS)
}

function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.ceil(value) : undefined
}
