import { records, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { estimateTokens } from './tokens.ts'

// OpenAI counts a few tokens around each message and a flat number for a small image; tools count as their JSON.
const AROUND_MESSAGE = 4
const IMAGE = 85

/** About how many tokens a chat request's prompt has. */
export function countPrompt(body: Fields): number {
  let tokens = Array.isArray(body['tools']) ? estimateTokens(JSON.stringify(body['tools'])) : 0
  for (const message of records(body['messages'])) {
    tokens += AROUND_MESSAGE + estimateTokens(textOf(message['content']))
    tokens += IMAGE * records(message['content']).filter((part) => part['type'] === 'image_url').length
    if (Array.isArray(message['tool_calls'])) tokens += estimateTokens(JSON.stringify(message['tool_calls']))
  }
  return tokens
}

/** OpenAI's usage object with all its details. */
export function makeUsage(prompt: number, completion: number, reasoning: number) {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
