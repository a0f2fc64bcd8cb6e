import { GatewayError, type Call, type ChatCompletion, type ChatMessage, type ChatToolCall } from '../../src/index.ts'
import type { Target, ThinkingBlock } from '../../src/index.ts'
import { toAnnotations, type UrlCitation } from './citations.ts'
import { JSON_TOOL } from './encode-response-format.ts'
import { isLegacy } from './encode-tools.ts'
import { toFinishReason } from './finish-reason.ts'
import { isObject, textOf, type Block, type Json } from './json.ts'
import { toProviderFields } from './provider-fields.ts'
import { toChatUsage } from './usage.ts'

/** OpenAI's message with the deprecated `function_call`, for clients that send `functions`. */
type LegacyMessage = ChatMessage & { function_call?: { name: string; arguments: string } }

/**
 * A Messages answer as a chat completion.
 * @throws {GatewayError} 502 where the answer is no message
 */
export function decodeMessage(answer: unknown, call: Call, target: Target): ChatCompletion {
  if (!isObject(answer) || !Array.isArray(answer['content'])) {
    throw new GatewayError(502, 'Anthropic answered with something that is no message', { origin: 'provider' })
  }
  const legacy = isLegacy(call.body)
  const parts = readBlocks(
    answer['content'].filter((block): block is Block => isObject(block)),
    ownsJsonTool(call.body),
  )
  const fields = toProviderFields({ blocks: parts.others, citations: parts.citations, ending: answer })
  const message: LegacyMessage = { role: 'assistant', content: parts.calls.length && !parts.text ? null : parts.text }
  const [first] = parts.calls
  if (first && legacy) message.function_call = first.function
  else if (first) message.tool_calls = parts.calls
  if (parts.reasoning) message.reasoning_content = parts.reasoning
  if (parts.thinking.length) message.thinking_blocks = parts.thinking
  if (parts.annotations.length) message.annotations = parts.annotations
  if (fields) message.provider_specific_fields = fields
  const finish = toFinishReason(answer['stop_reason'], { calls: parts.calls.length > 0, legacy })
  return {
    id: textOf(answer['id']),
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: textOf(answer['model']) || target.model,
    choices: [{ index: 0, message, finish_reason: finish, logprobs: null }],
    usage: toChatUsage(answer['usage']),
  }
}

/** True where the client itself has a tool of the gateway's JSON tool's name: then its calls are the client's. */
export function ownsJsonTool(body: Readonly<Json>): boolean {
  const tools: unknown = body['tools'] ?? body['functions']
  return Array.isArray(tools) && tools.some((tool) => (tool?.function?.name ?? tool?.name) === JSON_TOOL)
}

/** Anthropic's thinking block in the form that is sent back with the next request. */
export function toThinkingBlock(block: Json): ThinkingBlock {
  if (block['type'] === 'redacted_thinking') return { type: 'redacted_thinking', data: textOf(block['data']) }
  const thinking = textOf(block['thinking'])
  const signature = textOf(block['signature'])
  return signature ? { type: 'thinking', thinking, signature } : { type: 'thinking', thinking }
}

interface Parts {
  text: string
  reasoning: string
  thinking: ThinkingBlock[]
  calls: ChatToolCall[]
  annotations: UrlCitation[]
  citations: Json[]
  others: Block[]
}

function readBlocks(blocks: Block[], ownsTool: boolean): Parts {
  const out: Parts = { text: '', reasoning: '', thinking: [], calls: [], annotations: [], citations: [], others: [] }
  for (const block of blocks) {
    if (block.type === 'text') {
      const start = out.text.length
      out.text += textOf(block['text'])
      const { annotations, others } = toAnnotations(block['citations'], start, out.text.length)
      out.annotations.push(...annotations)
      out.citations.push(...others)
    } else if (block.type === 'tool_use') {
      const input = JSON.stringify(block['input'] ?? {})
      const name = textOf(block['name'])
      if (name === JSON_TOOL && !ownsTool) out.text += input
      else out.calls.push({ id: textOf(block['id']), type: 'function', function: { name, arguments: input } })
    } else if (block.type === 'thinking' || block.type === 'redacted_thinking') {
      out.thinking.push(toThinkingBlock(block))
      out.reasoning += textOf(block['thinking'])
    } else out.others.push(block)
  }
  return out
}
