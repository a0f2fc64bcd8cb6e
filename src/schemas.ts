import { z } from 'zod'

/**
 * What is checked of a request before anything else happens: the fields that OpenAI's API reference defines, by type and
 * range. Objects are loose, so that next month's fields pass. Also the source of `/openapi.json`.
 */
const text = z.string()
const part = z.looseObject({ type: text })
const content = z.union([text, z.array(part), z.null()])

export const toolCallSchema = z.looseObject({
  id: text.optional(),
  type: text.optional(),
  function: z.looseObject({ name: text, arguments: text.optional() }).optional(),
})

export const messageSchema = z
  .looseObject({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
    content: content.optional(),
    name: text.nullish(),
    tool_calls: z.array(toolCallSchema).nullish(),
    tool_call_id: text.nullish(),
  })
  .meta({ id: 'ChatMessage' })

const toolSchema = z.looseObject({ type: text.optional(), function: z.looseObject({ name: text }).optional() })
const stop = z.union([text, z.array(text)]).nullish()
const streamOptions = z.looseObject({ include_usage: z.boolean().nullish() }).nullish()
const logitBias = z.record(text, z.number()).nullish()
const positive = z.int().min(1).nullish()

const sampling = {
  stream: z.boolean().nullish(),
  stream_options: streamOptions,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  stop,
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: logitBias,
  seed: z.int().nullish(),
  user: text.nullish(),
}

export const chatRequestSchema = z
  .looseObject({
    model: text.min(1),
    messages: z.array(messageSchema).min(1),
    max_tokens: positive,
    max_completion_tokens: positive,
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    tools: z.array(toolSchema).nullish(),
    tool_choice: z.union([text, z.looseObject({})]).nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    functions: z.array(z.looseObject({ name: text })).nullish(),
    response_format: z.looseObject({ type: text }).nullish(),
    reasoning_effort: text.nullish(),
    modalities: z.array(text).nullish(),
    metadata: z.looseObject({}).nullish(),
    ...sampling,
  })
  .meta({ id: 'ChatCompletionRequest' })

const tokens = z.array(z.int())

export const completionRequestSchema = z
  .looseObject({
    model: text.min(1),
    prompt: z.union([text, z.array(text), tokens, z.array(tokens)]),
    max_tokens: z.int().min(0).nullish(),
    best_of: z.int().min(1).max(20).nullish(),
    echo: z.boolean().nullish(),
    suffix: text.nullish(),
    logprobs: z.int().min(0).max(5).nullish(),
    ...sampling,
  })
  .meta({ id: 'CompletionRequest' })

export const embeddingRequestSchema = z
  .looseObject({
    model: text.min(1),
    input: z.union([text.min(1), z.array(text).min(1), tokens.min(1), z.array(tokens).min(1)]),
    dimensions: positive,
    encoding_format: z.enum(['float', 'base64']).nullish(),
    user: text.nullish(),
  })
  .meta({ id: 'EmbeddingRequest' })

export const imageRequestSchema = z
  .looseObject({
    model: text.min(1).optional(),
    prompt: text.min(1),
    n: z.int().min(1).max(10).nullish(),
    size: text.nullish(),
    quality: text.nullish(),
    style: text.nullish(),
    response_format: z.enum(['url', 'b64_json']).nullish(),
    user: text.nullish(),
  })
  .meta({ id: 'ImageGenerationRequest' })
