import type { ChatUsage } from '../../src/index.ts'
import { isObject, listOf, type Json } from './json.ts'

/**
 * `usageMetadata` in OpenAI's form; undefined where nothing was counted. Prompts of Google's own tools are input, thoughts
 * are output. Cached tokens are part of `promptTokenCount`.
 */
export function toChatUsage(metadata: unknown): ChatUsage | undefined {
  if (!isObject(metadata)) return undefined
  const thoughts = count(metadata['thoughtsTokenCount'])
  const cached = count(metadata['cachedContentTokenCount'])
  const prompt = (count(metadata['promptTokenCount']) ?? 0) + (count(metadata['toolUsePromptTokenCount']) ?? 0)
  const answer = count(metadata['candidatesTokenCount']) ?? 0
  // Some models count thoughts among the candidates' tokens; the total tells.
  const inclusive = thoughts !== undefined && answer >= thoughts && metadata['totalTokenCount'] === prompt + answer
  const completion = answer + (inclusive ? 0 : (thoughts ?? 0))
  const out: ChatUsage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
  const audioIn = tokensOf('AUDIO', metadata, 'promptTokensDetails', 'toolUsePromptTokensDetails')
  const audioOut = tokensOf('AUDIO', metadata, 'candidatesTokensDetails')
  // Drawn pictures cost many times what text does.
  const drawn = tokensOf('IMAGE', metadata, 'candidatesTokensDetails')
  if (cached !== undefined || audioIn !== undefined) {
    out.prompt_tokens_details = {
      ...(cached === undefined ? {} : { cached_tokens: cached }),
      ...(audioIn === undefined ? {} : { audio_tokens: audioIn }),
    }
  }
  if (thoughts !== undefined || audioOut !== undefined || drawn !== undefined) {
    const details: OutputDetails = {
      ...(thoughts === undefined ? {} : { reasoning_tokens: thoughts }),
      ...(audioOut === undefined ? {} : { audio_tokens: audioOut }),
      ...(drawn === undefined ? {} : { image_tokens: drawn }),
    }
    out.completion_tokens_details = details
  }
  return out
}

type OutputDetails = NonNullable<ChatUsage['completion_tokens_details']> & { image_tokens?: number }

function tokensOf(modality: string, metadata: Json, ...lists: string[]): number | undefined {
  let sum: number | undefined
  for (const list of lists) {
    for (const each of listOf(metadata[list])) {
      if (isObject(each) && each['modality'] === modality) sum = (sum ?? 0) + (count(each['tokenCount']) ?? 0)
    }
  }
  return sum
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? Math.trunc(value) : undefined
}
