import { estimateTokens } from './tokens.ts'

/** One prompt or input. */
export interface InputText {
  /** Of token lists the numbers, since the mock has no tokenizer. */
  readonly text: string
  readonly tokens: number
}

/** `prompt` and `input` in all their forms: text, texts, tokens, lists of tokens. Undefined where it is none of them. */
export function readTexts(value: unknown): InputText[] | undefined {
  if (typeof value === 'string') return [{ text: value, tokens: estimateTokens(value) }]
  if (!Array.isArray(value) || value.length === 0) return undefined
  if (isTokens(value)) return [{ text: value.join(' '), tokens: value.length }]
  const texts = value.flatMap((one: unknown) =>
    typeof one === 'string' || isTokens(one) ? (readTexts(one) ?? []) : [],
  )
  return texts.length === value.length ? texts : undefined
}

function isTokens(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => Number.isInteger(one))
}
