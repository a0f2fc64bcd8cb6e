import { isObject, listOf } from './json.ts'

interface TokenLogprob {
  token: string
  logprob: number
  /** Gemini gives tokens as text only. */
  bytes: null
}

/** `logprobsResult` as OpenAI's `logprobs`; null where there is none. */
export function toChatLogprobs(result: unknown): unknown {
  if (!isObject(result)) return null
  const tops = listOf(result['topCandidates'])
  const content = listOf(result['chosenCandidates']).flatMap((chosen, i) => {
    const token = toToken(chosen)
    const top = tops[i]
    const others = isObject(top) ? listOf(top['candidates']).flatMap((other) => toToken(other) ?? []) : []
    return token ? { ...token, top_logprobs: others } : []
  })
  return content.length ? { content, refusal: null } : null
}

function toToken(value: unknown): TokenLogprob | undefined {
  if (!isObject(value) || typeof value['logProbability'] !== 'number') return undefined
  return {
    token: typeof value['token'] === 'string' ? value['token'] : '',
    logprob: value['logProbability'],
    bytes: null,
  }
}
