/** How the mock upstream answers; the first part of its paths: `/burst/v1/chat/completions`. */
export type Kind = 'json' | 'burst' | 'anthropic' | 'paced20' | 'paced50'

export const KINDS: readonly Kind[] = ['json', 'burst', 'anthropic', 'paced20', 'paced50']

/** The name the upstream knows its model by; variants that route must replace the client's name with it. */
export const UPSTREAM_MODEL = 'bench-model'

/** Chunks of a stream, the one with the role and the one with the finish included. */
export const CHUNKS = 100

/** Keys: what clients present, and what only the upstream may see. */
export const MASTER_KEY = 'sk-bench-client-0123456789abcdef'
export const PROVIDER_KEY = 'sk-bench-provider-0123456789abcdef'

const SENTENCE = 'The quick brown fox said "jump", and the lazy dog\n\tanswered: why? Because {it} [can], mostly. '

/** A chat request of about `bytes` bytes: short ones have two messages, long ones a conversation. */
export function chatBody(model: string, bytes: number, stream: boolean): string {
  const count = bytes < 4096 ? 1 : 20
  const build = (length: number) =>
    JSON.stringify({
      model,
      messages: [
        { role: 'system', content: 'You are a helpful assistant.' },
        ...Array.from({ length: count }, (_, i) => ({
          role: i % 2 === 0 ? 'user' : 'assistant',
          content: fill(Math.floor(length / count)),
        })),
        ...(count % 2 === 0 ? [{ role: 'user', content: 'Go on.' }] : []),
      ],
      temperature: 0.7,
      max_tokens: 512,
      ...(stream ? { stream: true } : {}),
    })
  // Escapes and multi-byte characters make the body longer than the text: shrink until it fits.
  let length = bytes
  while (Buffer.byteLength(build(length)) > bytes) length -= Math.max(1, Math.ceil(length / 100))
  return build(length)
}

function fill(length: number): string {
  return SENTENCE.repeat(Math.ceil(length / SENTENCE.length)).slice(0, length)
}

/** The text of the upstream's JSON answer. */
export const JSON_TEXT = fill(500).trim()

/** The upstream's answer to a call that does not stream. */
export const JSON_ANSWER = JSON.stringify({
  id: 'chatcmpl-bench0123456789',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: UPSTREAM_MODEL,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: JSON_TEXT, refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 250,
    completion_tokens: 120,
    total_tokens: 370,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  },
  system_fingerprint: 'fp_bench',
})

/** The pieces of text that a stream brings: two of its chunks carry none. Every eighth needs escapes, as prose does. */
export const PIECES: readonly string[] = Array.from({ length: CHUNKS - 2 }, (_, i) => {
  const number = String(i).padStart(3, '0')
  return i % 8 === 0 ? ` "piece" ${number}: naïve,\n` : ` piece ${number} of the text`
})

/** Anthropic's envelope is smaller: longer pieces make its events as long as OpenAI's. */
export const ANTHROPIC_PIECES: readonly string[] = PIECES.map((piece) => piece.padEnd(150, ' and so on, word by word,'))

/** OpenAI's chunk events (API reference, "Chat completion chunk object"), about 260 bytes each; usage only if asked for. */
export function openAIEvents(usage: boolean): string[] {
  const event = (choices: object[], rest: object = {}) =>
    `data: ${JSON.stringify({
      id: 'chatcmpl-bench0123456789',
      object: 'chat.completion.chunk',
      created: 1_760_000_000,
      model: UPSTREAM_MODEL,
      system_fingerprint: 'fp_bench',
      choices,
      ...rest,
    })}\n\n`
  const choice = (delta: object, finish: string | null) => [{ index: 0, delta, logprobs: null, finish_reason: finish }]
  return [
    event(choice({ role: 'assistant', content: '' }, null)),
    ...PIECES.map((content) => event(choice({ content }, null))),
    event(choice({}, 'stop')),
    ...(usage ? [event([], { usage: { prompt_tokens: 250, completion_tokens: 98, total_tokens: 348 } })] : []),
    'data: [DONE]\n\n',
  ]
}

/** Anthropic's events (Messages API, "Streaming messages"), as many deltas and about as long as OpenAI's chunks. */
export function anthropicEvents(): string[] {
  const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`
  return [
    event('message_start', {
      message: {
        id: 'msg_bench0123456789',
        type: 'message',
        role: 'assistant',
        model: UPSTREAM_MODEL,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 250, output_tokens: 1 },
      },
    }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...ANTHROPIC_PIECES.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 98 } }),
    event('message_stop', {}),
  ]
}
