import type { Call } from '../types/call.ts'
import type { ChatCompletion } from '../types/chat.ts'
import type { Translation } from '../types/provider.ts'
import { GatewayError, invalidRequest } from '../error.ts'
import { contentText } from './content-text.ts'
import { createWriterBase } from './stream-writer.ts'
import type { StreamWriter, StreamWriterOptions } from './stream-writer.ts'

const ONLY_CHAT = 'for this model it has only chat'

/**
 * The legacy completions dialect (OpenAI API reference, "Completions") over chat, for models whose provider has only
 * chat: the prompt becomes one user message, the answer's text becomes `choices[].text`.
 */
export function toChatBody(
  body: Readonly<Record<string, unknown>>,
  translation: Pick<Translation, 'unsupported'>,
): Record<string, unknown> {
  const { prompt, echo, best_of, suffix, logprobs, ...rest } = body
  const refuse = (param: string) => translation.unsupported(param, ONLY_CHAT)
  if (typeof suffix === 'string' && suffix !== '') refuse('suffix')
  if (echo === true) refuse('echo')
  if (typeof best_of === 'number' && best_of > 1) refuse('best_of')
  const wanted = typeof logprobs === 'number'
  if (wanted && body['stream'] === true) {
    translation.unsupported('logprobs', 'a translated stream has no place for them')
  }
  return {
    ...rest,
    messages: [{ role: 'user', content: promptText(prompt) }],
    ...(wanted && body['stream'] !== true ? { logprobs: true, top_logprobs: logprobs } : {}),
  }
}

/** A chat answer as a completions answer. */
export function fromChatCompletion(chat: ChatCompletion): Record<string, unknown> {
  return {
    id: typeof chat.id === 'string' ? chat.id.replace(/^chatcmpl/, 'cmpl') : `cmpl-${crypto.randomUUID()}`,
    object: 'text_completion',
    created: chat.created,
    model: chat.model,
    choices: chat.choices.map((choice) => ({
      index: choice.index,
      text: contentText(choice.message.content),
      logprobs: toCompletionLogprobs(choice.logprobs),
      finish_reason: choice.finish_reason,
    })),
    ...(chat.usage ? { usage: chat.usage } : {}),
  }
}

/** Writes completions chunks from what a chat stream says. Reasoning and tool deltas have no place in this dialect. */
export function createCompletionsWriter(options: StreamWriterOptions): StreamWriter {
  const id = options.id.replace(/^chatcmpl/, 'cmpl')
  const head = `data: {"id":${JSON.stringify(id)},"object":"text_completion","created":${options.created},"model":${JSON.stringify(options.model)},`
  const choices = new Set<number>()
  const open = (choice: number) => void choices.add(choice)
  const base = createWriterBase({
    head,
    includeUsage: options.includeUsage,
    costOf: options.costOf,
    open,
    choices,
    last: (choice) => `{"index":${choice},"text":"","logprobs":null`,
  })
  return {
    ...base,
    text(text, choice = 0) {
      open(choice)
      if (text === '') return
      const chunk = `{"index":${choice},"text":${JSON.stringify(text)},"logprobs":null,"finish_reason":null}`
      base.write(`${head}"choices":[${chunk}]}\n\n`, text.length)
    },
    reasoning() {},
    delta: (_delta, choice = 0) => open(choice),
  }
}

/** The call a chat provider gets for a completions call. */
export function toChatCall(call: Call, translation: Pick<Translation, 'unsupported'>): Call {
  const body = toChatBody(call.body, translation)
  return {
    wire: 'openai.chat',
    method: call.method,
    path: '/chat/completions',
    search: call.search,
    model: call.model,
    stream: call.stream,
    body,
    raw: JSON.stringify(body),
    headers: call.headers,
  }
}

/** What was said of the message that the prompt became, said of the prompt. */
export function ofPrompt(error: unknown): unknown {
  if (!(error instanceof GatewayError) || !error.param?.startsWith('messages')) return error
  const message = error.message.replace(/\bmessage\b/, 'prompt').replace('`messages` hold ', 'The prompt holds ')
  return invalidRequest(message, 'prompt', error.code)
}

function promptText(prompt: unknown): string {
  if (typeof prompt === 'string') return prompt
  if (Array.isArray(prompt) && prompt.length === 1 && typeof prompt[0] === 'string') return prompt[0]
  if (Array.isArray(prompt) && prompt.every((part) => typeof part === 'string')) {
    throw invalidRequest(
      'This model takes one prompt per call: its provider has only chat. Send the prompts one by one.',
      'prompt',
      'unsupported_parameter',
    )
  }
  throw invalidRequest(
    'This model takes its prompt as text, not as tokens: its provider has only chat.',
    'prompt',
    'unsupported_parameter',
  )
}

interface TokenLogprob {
  token: string
  logprob: number
  top_logprobs?: readonly TokenLogprob[] | null
}

/** Chat's list of tokens as this dialect's parallel lists; offsets are characters of the text. */
function toCompletionLogprobs(logprobs: unknown): Record<string, unknown> | null {
  const content = (logprobs as { content?: unknown } | null | undefined)?.content
  if (!Array.isArray(content)) return null
  const tokens = content as readonly TokenLogprob[]
  let offset = 0
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top_logprobs: top }) =>
      Object.fromEntries((top ?? []).map((other) => [other.token, other.logprob])),
    ),
    text_offset: tokens.map(({ token }) => (offset += token.length) - token.length),
  }
}
