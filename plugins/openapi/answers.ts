import { z } from '../../src/index.ts'

/** What the API answers with (OpenAI API reference), for the document alone: answers are not checked against it. */

const text = z.string()
const count = z.int()

const usage = z
  .object({
    prompt_tokens: count.describe('All prompt tokens, cached ones included.'),
    completion_tokens: count.describe('All generated tokens, reasoning included.'),
    total_tokens: count,
    prompt_tokens_details: z
      .looseObject({
        cached_tokens: count.optional(),
        cache_creation_tokens: count.optional(),
        audio_tokens: count.optional(),
      })
      .optional(),
    completion_tokens_details: z
      .looseObject({ reasoning_tokens: count.optional(), audio_tokens: count.optional() })
      .optional(),
  })
  .meta({ id: 'Usage' })

const finishReason = z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'function_call'])

const toolCall = z.object({
  id: text,
  type: z.literal('function'),
  function: z.object({ name: text, arguments: text.describe('JSON, as the model wrote it.') }),
})

const answerMessage = z
  .looseObject({
    role: z.literal('assistant'),
    content: text.nullable(),
    refusal: text.nullish(),
    tool_calls: z.array(toolCall).optional(),
    reasoning_content: text.optional().describe('What the model thought, where its provider says it.'),
    thinking_blocks: z
      .array(z.looseObject({ type: text }))
      .optional()
      .describe('Signed reasoning; send it back unchanged with tool results.'),
    annotations: z.array(z.looseObject({})).optional(),
  })
  .meta({ id: 'ChatAnswerMessage' })

export const chatCompletionSchema = z
  .looseObject({
    id: text,
    object: z.literal('chat.completion'),
    created: count.describe('Seconds since the epoch.'),
    model: text,
    choices: z.array(
      z.looseObject({
        index: count,
        message: answerMessage,
        finish_reason: finishReason,
        logprobs: z.looseObject({}).nullish(),
      }),
    ),
    usage: usage.optional(),
  })
  .meta({ id: 'ChatCompletion' })

export const chatChunkSchema = z
  .looseObject({
    id: text.describe('The same in every chunk.'),
    object: z.literal('chat.completion.chunk'),
    created: count,
    model: text,
    choices: z.array(
      z.looseObject({
        index: count,
        delta: z.looseObject({
          role: text.optional(),
          content: text.nullish(),
          reasoning_content: text.optional(),
          tool_calls: z
            .array(
              z.looseObject({
                index: count,
                id: text.optional(),
                function: z.looseObject({ name: text.optional(), arguments: text.optional() }),
              }),
            )
            .optional(),
        }),
        finish_reason: finishReason.nullable(),
      }),
    ),
    usage: usage.nullish().describe('In the last chunk, when `stream_options.include_usage` asks for it.'),
  })
  .meta({ id: 'ChatCompletionChunk' })

export const completionSchema = z
  .looseObject({
    id: text,
    object: z.literal('text_completion'),
    created: count,
    model: text,
    choices: z.array(
      z.looseObject({ index: count, text, finish_reason: text.nullable(), logprobs: z.looseObject({}).nullish() }),
    ),
    usage: usage.optional(),
  })
  .meta({ id: 'Completion' })

export const embeddingListSchema = z
  .looseObject({
    object: z.literal('list'),
    data: z.array(
      z.looseObject({
        object: z.literal('embedding'),
        index: count,
        embedding: z.union([z.array(z.number()), text]).describe('Numbers, or base64 of little-endian 32-bit floats.'),
      }),
    ),
    model: text,
    usage: z.looseObject({ prompt_tokens: count, total_tokens: count }),
  })
  .meta({ id: 'EmbeddingList' })

export const imageListSchema = z
  .looseObject({
    created: count,
    data: z.array(z.looseObject({ url: text.optional(), b64_json: text.optional(), revised_prompt: text.optional() })),
  })
  .meta({ id: 'ImageList' })

export const errorSchema = z
  .object({
    error: z.object({
      message: text,
      type: text.nullable(),
      param: text.nullable().describe('The field at fault, as a path: `messages[0].role`.'),
      code: text.nullable().describe('Stable, for programs: `model_not_found`.'),
    }),
  })
  .meta({ id: 'Error' })
