import { hashOf } from './hash.ts'

interface TokenLogprob {
  token: string
  logprob: number
  bytes: number[]
}

// As many as can be asked for (20), so that one may be the token itself.
const ALTERNATIVES = 'a the one some any no this that it is was be to of and or not but so then'
  .split(' ')
  .map((w) => ` ${w}`)
const encoder = new TextEncoder()

/** Made-up log probabilities of tokens in the form of the chat API, `count` alternatives each (the token itself first). */
export function chatLogprobs(tokens: readonly string[], count: number): unknown {
  const content = tokens.map((token) => ({
    ...entry(token, ownLogprob(token)),
    top_logprobs: alternatives(token, count),
  }))
  return { content, refusal: null }
}

/** The same in the form of the completions API: parallel lists. */
export function completionLogprobs(tokens: readonly string[], count: number, offset: number): unknown {
  let at = offset
  return {
    tokens,
    token_logprobs: tokens.map(ownLogprob),
    top_logprobs: tokens.map((token) =>
      Object.fromEntries(alternatives(token, Math.max(count, 1)).map((other) => [other.token, other.logprob])),
    ),
    text_offset: tokens.map((token) => {
      const start = at
      at += token.length
      return start
    }),
  }
}

function alternatives(token: string, count: number): TokenLogprob[] {
  const first = ownLogprob(token)
  const others = ALTERNATIVES.filter((other) => other !== token).slice(0, Math.max(0, count - 1))
  return count > 0 ? [entry(token, first), ...others.map((other, i) => entry(other, round(first - 1 - i / 2)))] : []
}

function entry(token: string, logprob: number): TokenLogprob {
  return { token, logprob, bytes: [...encoder.encode(token)] }
}

/** Between -1 and 0, by the token alone. */
function ownLogprob(token: string): number {
  return round(-(1 + (hashOf(token)[0] % 999)) / 1000)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
