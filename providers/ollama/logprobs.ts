import { isRecord } from './fields.ts'

interface TokenLogprob {
  token: string
  logprob: number
  bytes: number[] | null
}

/** Ollama's `logprobs` list as OpenAI's chat form; null where there is none. */
export function toChatLogprobs(list: unknown): unknown {
  const tokens = toTokens(list)
  return tokens.length > 0 ? { content: tokens, refusal: null } : null
}

/** The same in the form of the text completions API: parallel lists. */
export function toCompletionLogprobs(list: unknown): unknown {
  const tokens = toTokens(list)
  if (tokens.length === 0) return null
  let offset = 0
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top_logprobs: top }) => Object.fromEntries(top.map((t) => [t.token, t.logprob]))),
    text_offset: tokens.map(({ token }) => {
      const at = offset
      offset += token.length
      return at
    }),
  }
}

function toTokens(list: unknown): (TokenLogprob & { top_logprobs: TokenLogprob[] })[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((entry: unknown) => {
    const token = toToken(entry)
    if (!token || !isRecord(entry)) return []
    const top = Array.isArray(entry['top_logprobs']) ? entry['top_logprobs'] : []
    return { ...token, top_logprobs: top.flatMap((other: unknown) => toToken(other) ?? []) }
  })
}

function toToken(entry: unknown): TokenLogprob | undefined {
  if (!isRecord(entry) || typeof entry['token'] !== 'string' || typeof entry['logprob'] !== 'number') return undefined
  const bytes = Array.isArray(entry['bytes']) ? (entry['bytes'] as number[]) : null
  return { token: entry['token'], logprob: entry['logprob'], bytes }
}
