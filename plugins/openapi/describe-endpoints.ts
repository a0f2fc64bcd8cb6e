import type { z } from '../../src/index.ts'
import {
  chatChunkSchema,
  chatCompletionSchema,
  completionSchema,
  embeddingListSchema,
  imageListSchema,
} from './answers.ts'

/** What the document says of an endpoint besides its path and schema. */
export interface EndpointDescription {
  readonly operationId: string
  readonly tag: string
  readonly description?: string
  readonly example: Readonly<Record<string, unknown>>
  readonly answer?: z.ZodType
  /** One event of the stream, for endpoints that take `stream`. */
  readonly chunk?: z.ZodType
}

/** By path below the base, with OpenAI's own operation names. Endpoints that are not here get derived ones. */
export const endpointDescriptions: Readonly<Record<string, EndpointDescription>> = {
  '/chat/completions': {
    operationId: 'createChatCompletion',
    tag: 'Chat',
    description:
      'Answers a conversation. With `stream: true` the answer comes as server-sent events and ends with `data: [DONE]`.',
    example: { model: 'mock', messages: [{ role: 'user', content: 'Hello' }] },
    answer: chatCompletionSchema,
    chunk: chatChunkSchema,
  },
  '/completions': {
    operationId: 'createCompletion',
    tag: 'Completions',
    description: 'Continues a text. Models whose provider has only chat serve it too: the prompt becomes a message.',
    example: { model: 'mock', prompt: 'Once upon a time', max_tokens: 32 },
    answer: completionSchema,
    chunk: completionSchema,
  },
  '/embeddings': {
    operationId: 'createEmbedding',
    tag: 'Embeddings',
    description: 'Turns texts, or lists of tokens, into vectors.',
    example: { model: 'mock', input: ['first text', 'second text'] },
    answer: embeddingListSchema,
  },
  '/images/generations': {
    operationId: 'createImage',
    tag: 'Images',
    description: 'Makes images from a description.',
    example: { model: 'mock', prompt: 'A lighthouse at dusk', size: '256x256' },
    answer: imageListSchema,
  },
}

/** What fields mean, by name, where the schema itself does not say. */
export const fieldNotes: Readonly<Record<string, string>> = {
  model: 'A name from `GET /v1/models`.',
  messages: 'The conversation so far, oldest first.',
  prompt: 'The text to start from.',
  input: 'A text, a list of texts, a list of tokens, or a list of such lists.',
  stream: 'Send the answer while it is written, as server-sent events.',
  stream_options: '`include_usage`: a last chunk with the token counts.',
  temperature: 'Higher is more random.',
  top_p: 'Only the likeliest tokens that make up this share.',
  n: 'How many answers.',
  stop: 'Texts at which the answer ends.',
  max_tokens: 'Longest answer, in tokens.',
  max_completion_tokens: 'Longest answer in tokens, reasoning included.',
  presence_penalty: 'Positive: away from tokens that appeared at all.',
  frequency_penalty: 'Positive: away from tokens that appeared often.',
  logit_bias: 'Token id to bias, -100 to 100.',
  logprobs: 'Give the probabilities of tokens.',
  top_logprobs: 'How many alternatives per token.',
  seed: 'Ask for the same answer again, as far as the provider can.',
  user: 'The end user, for limits, budgets and logs.',
  tools: 'Functions that the model may call.',
  tool_choice: '`none`, `auto`, `required`, or one function.',
  parallel_tool_calls: 'Allow several calls at once.',
  functions: 'The older form of `tools`.',
  response_format: '`text`, `json_object`, or `json_schema` with a schema.',
  reasoning_effort: 'How long a reasoning model may think.',
  modalities: '`text`, `audio`.',
  metadata: 'Kept with the call; `tags` and others speak to the gateway.',
  suffix: 'What comes after the text to be written.',
  echo: 'Repeat the prompt in the answer.',
  best_of: 'Write so many, give the best.',
  dimensions: 'Length of the vectors.',
  encoding_format: '`float` or `base64`.',
  size: 'Width and height: `1024x1024`.',
  role: 'Who speaks.',
  content: 'A text, or parts: text, images, audio, files.',
  tool_calls: 'Calls that the assistant made.',
  tool_call_id: 'The call that this message answers.',
}
