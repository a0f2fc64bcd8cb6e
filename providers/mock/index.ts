/**
 * A model provider that needs no network and no key: it answers in process, in OpenAI's own dialect, and always the same
 * for the same request. For first steps, demonstrations and tests of everything around a model.
 *
 * What it does is chosen by the model's name, or by a mark in the prompt that wins over it (`[mock:error-429]`):
 *
 *     mock, mock/<anything>  repeats the last user message in a sentence; with `tools` calls the first tool (or the one
 *                            that `tool_choice` names) with arguments that fit its schema, and after the tool's result
 *                            answers in text; with `response_format` gives JSON that fits the schema
 *     mock/echo              exactly the last user message's text
 *     mock/<n>-tokens        exactly n tokens
 *     mock/reasoning         with `reasoning_content` (so does `reasoning_effort`)
 *     mock/parallel-tools    calls all tools at once
 *     mock/slow              ten times slower
 *     mock/empty-text        an empty text
 *     mock/error-<status>    that HTTP status, 400 to 599
 *     mock/context-window    400 context_length_exceeded
 *     mock/content-policy    400 content_policy_violation
 *     mock/timeout           no answer
 *     mock/error-midstream   the connection breaks in the middle
 *     mock/empty             200 without a body
 *     mock/html-error        502 with an HTML page
 *
 * `BEHAVIOURS` in `behaviour.ts` is the same as data. Honoured besides: `n`, `stop`, `max_tokens`,
 * `max_completion_tokens`, `logprobs`, `top_logprobs`, `stream_options.include_usage`, `echo`, `dimensions`,
 * `encoding_format`. Tokens are the mock's own: a word up to eight letters, or a sign.
 *
 * Paths: /chat/completions, /completions, /embeddings, /images/generations, /moderations, /audio/speech, /models.
 */
import { defineProvider, rewriteBody, z } from '../../src/index.ts'
import type { Call, Endpoint, Target, UpstreamRequest } from '../../src/index.ts'
import { isRecord, records } from './fields.ts'
import { respond } from './respond.ts'

const BASE = 'mock://local'

export default defineProvider({
  name: 'mock',
  description: 'Answers without any provider, for trying things out and for tests.',
  options: z.object({
    pace: z.number().min(0).default(40).describe('Tokens per second. 0: all at once.'),
    latency: z.number().min(0).default(120).describe('Milliseconds to the first token.'),
  }),
  required: [],
  claims: ['mock'],
  prices: { input_cost_per_token: 0, output_cost_per_token: 0 },
  priceProvider: false,
  builtin: [
    { name: 'mock', model: 'mock/mock' },
    { name: 'mock/*', model: 'mock/*' },
  ],

  setup(speed) {
    return {
      baseURL: BASE,
      endpoints: {
        'openai.chat': chatLike,
        'openai.completions': chatLike,
        'openai.embeddings': named,
        'openai.images': named,
        'openai.*': through,
      },
      models: () => ({
        request: { url: `${BASE}/models`, method: 'GET', headers: {} },
        names: (body) =>
          records(isRecord(body) ? body['data'] : undefined).flatMap(({ id }) => (typeof id === 'string' ? id : [])),
      }),
      respond: (request, signal) => respond(request, signal, speed),
    }
  },
})

/** Streams are asked for their usage, which the gateway wants in any case. */
const chatLike: Endpoint = {
  encode(call, { target }) {
    const own = call.body['stream_options']
    const asked = { ...(isRecord(own) ? own : {}), include_usage: true }
    return toRequest(call, withModel(call, target, call.stream ? { stream_options: asked } : {}))
  },
}

const named: Endpoint = { encode: (call, { target }) => toRequest(call, withModel(call, target, {})) }

/** Any other path: JSON with the upstream's model name in it, everything else as it came. */
const through: Endpoint = {
  encode: (call, { target }) =>
    toRequest(call, call.body['model'] === undefined ? call.raw : withModel(call, target, {})),
}

function withModel(call: Call, target: Target, more: Record<string, unknown>): string {
  return rewriteBody(call, { set: { model: target.model, ...more } })
}

function toRequest(call: Call, body: UpstreamRequest['body']): UpstreamRequest {
  const type = typeof body === 'string' ? 'application/json' : (call.headers.get('content-type') ?? '')
  return {
    url: BASE + call.path + call.search,
    method: call.method,
    headers: type === '' ? {} : { 'content-type': type },
    body: call.method === 'GET' ? undefined : body,
  }
}
