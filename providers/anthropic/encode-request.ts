import type { Call, Translation } from '../../src/index.ts'
import { encodeContent } from './encode-content.ts'
import { encodeMessages, simplify, type Turn } from './encode-messages.ts'
import { encodeParams } from './encode-params.ts'
import { encodeResponseFormat } from './encode-response-format.ts'
import { encodeThinking } from './encode-thinking.ts'
import { encodeTools } from './encode-tools.ts'
import { isObject, type Json } from './json.ts'
import { modelFeatures } from './model-features.ts'

/** What of the provider's options shapes a request. */
export interface RequestOptions {
  /** `max_tokens` where the client sets no limit. */
  maxTokens: number | undefined
}

/** OpenAI's chat request as the body of a Messages request. */
export function encodeRequest(call: Call, translation: Translation, { maxTokens }: RequestOptions): Json {
  const { body } = call
  const { model } = translation.target
  const features = modelFeatures(model)
  const { system, messages } = encodeMessages(body['messages'], translation)
  let thinking = encodeThinking(body, { features, translation, maxTokens })
  if (thinking.mode === 'budget' && lacksThinking(messages)) {
    const reason = 'the thinking_blocks that came with the tool calls must be sent back with the results'
    translation.unsupported(body['thinking'] ? 'thinking' : 'reasoning_effort', reason)
    thinking = { mode: 'off', max_tokens: thinking.max_tokens }
  }
  const context = { features, translation, mode: thinking.mode }
  const own = encodeTools(body, context)
  const answer = encodeResponseFormat(body['response_format'], { ...context, ...own })
  const { tools, choice } = answer.tools ?? own
  if (answer.instruction) system.push({ type: 'text', text: answer.instruction })
  const config: Json = {}
  if (answer.format) config['format'] = answer.format
  if (thinking.effort) config['effort'] = thinking.effort
  if (isObject(body['output_config'])) Object.assign(config, body['output_config'])

  const out: Json = { model, max_tokens: thinking.max_tokens }
  // The client may use Anthropic's own field as well.
  const allSystem = [...encodeContent(body['system'], { path: 'system', translation }), ...system]
  if (allSystem.length) out['system'] = simplify(allSystem)
  out['messages'] = messages
  if (tools.length) out['tools'] = tools
  if (choice) out['tool_choice'] = choice
  if (thinking.thinking) out['thinking'] = thinking.thinking
  if (Object.keys(config).length) out['output_config'] = config
  Object.assign(out, encodeParams(body, context))
  if (call.stream) out['stream'] = true
  return out
}

/**
 * "Expected `thinking` or `redacted_thinking`, but found `tool_use`": with a budget, an assistant turn whose tools are
 * being answered must begin with its thinking. Adaptive thinking does not demand it.
 */
function lacksThinking(messages: readonly Turn[]): boolean {
  const [turn, answer] = messages.slice(-2)
  if (turn?.role !== 'assistant' || !Array.isArray(turn.content) || !Array.isArray(answer?.content)) return false
  if (!answer.content.some((block) => block.type === 'tool_result')) return false
  return !(turn.content[0]?.type ?? '').endsWith('thinking')
}
