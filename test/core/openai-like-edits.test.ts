import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/index.ts'
import type { Call, ProviderDefinition, Target, Translation } from '../../src/index.ts'
import deepseek from '../../providers/deepseek.ts'
import fireworks from '../../providers/fireworks.ts'
import groq from '../../providers/groq.ts'
import mistral from '../../providers/mistral.ts'
import openai from '../../providers/openai.ts'
import perplexity from '../../providers/perplexity.ts'

const messages = [{ role: 'user', content: 'Hi' }]

/** The body that is sent, and what was refused. */
async function encode(
  definition: ProviderDefinition<never>,
  fields: Record<string, unknown>,
  wire: 'openai.chat' | 'openai.embeddings' = 'openai.chat',
) {
  const options = { apiKey: 'sk-test-0123456789', baseURL: 'http://127.0.0.1:1/v1' }
  const provider = { name: definition.name, ...(await definition.setup(options as never)) }
  const deployment = { id: '1', name: 'm', provider: definition.name, model: 'm', options, info: {}, source: 'test' }
  const target: Target = { id: '1', group: 'm', model: 'm', provider, deployment }
  const body: Record<string, unknown> = { model: 'm', ...(wire === 'openai.chat' ? { messages } : {}), ...fields }
  const call: Call = {
    wire,
    method: 'POST',
    path: '/chat/completions',
    search: '',
    model: 'm',
    stream: false,
    body,
    raw: JSON.stringify(body),
    headers: { get: () => null },
  }
  const translation: Translation = {
    target,
    unsupported(param) {
      throw new GatewayError(400, param, { param })
    },
  }
  const request = await provider.endpoints[wire]!.encode(call, translation)
  return JSON.parse(String(request.body)) as Record<string, unknown>
}

describe('the limit of an answer', () => {
  test.each([deepseek, mistral, perplexity])('has its one name ($name)', async (definition) => {
    const sent = await encode(definition as never, { max_completion_tokens: 5 })
    expect(sent).toEqual({ model: 'm', messages, max_tokens: 5 })
  })

  test.each([deepseek, mistral, perplexity])('is not lost to a null ($name)', async (definition) => {
    const sent = await encode(definition as never, { max_tokens: 5, max_completion_tokens: null })
    expect(sent).toEqual({ model: 'm', messages, max_tokens: 5 })
  })
})

test('the size of an embedding has its own name (mistral)', async () => {
  const sent = await encode(mistral as never, { input: 'Hi', dimensions: 256 }, 'openai.embeddings')
  expect(sent).toEqual({ model: 'm', input: 'Hi', output_dimension: 256 })
})

test('one answer is all that Groq gives', async () => {
  await expect(encode(groq as never, { n: 2 })).rejects.toMatchObject({ param: 'n', status: 400 })
  for (const n of [1, null]) expect(await encode(groq as never, { n })).toEqual({ model: 'm', messages })
})

describe('developers', () => {
  const asked = [{ role: 'system', content: 'A' }, ...messages, { role: 'developer', content: 'B', name: 'b' }]

  test.each([deepseek, mistral, perplexity])(
    'are systems where the API knows no others ($name)',
    async (definition) => {
      const sent = await encode(definition as never, { messages: asked })
      expect(sent['messages']).toEqual([...asked.slice(0, 2), { role: 'system', content: 'B', name: 'b' }])
    },
  )

  test('stay where it does', async () => {
    expect((await encode(openai as never, { messages: asked }))['messages']).toEqual(asked)
  })
})

describe('what answers of others left in the conversation', () => {
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }
  const plain = [...messages, { role: 'assistant', content: null, tool_calls: [call] }]
  const google = { thought_signature: 's' }
  const signed = { ...call, provider_specific_fields: google, extra_content: { google } }
  const thought = {
    reasoning_content: 'Hm.',
    thinking_blocks: [{ type: 'thinking', thinking: 'Hm.', signature: 's' }],
    provider_specific_fields: { stop_sequence: 'x' },
    annotations: [],
  }
  const left = { ...plain[1], ...thought, refusal: null, audio: null, function_call: null, tool_calls: [signed] }

  test.each([groq, mistral])('is taken out where it is refused ($name)', async (definition) => {
    const sent = await encode(definition as never, { messages: [...messages, left] })
    expect(sent['messages']).toEqual(plain)
  })

  test('Fireworks takes reasoning back', async () => {
    const sent = await encode(fireworks as never, { messages: [...messages, { ...plain[1], ...thought }] })
    expect(sent['messages']).toEqual([...messages, { ...plain[1], reasoning_content: 'Hm.', annotations: [] }])
  })

  test('a refusal, a picture and fields of users stay', async () => {
    const asked = [
      { role: 'user', content: 'a', annotations: [] },
      { role: 'assistant', content: null, refusal: 'No.', images: [{}] },
    ]
    expect((await encode(groq as never, { messages: asked }))['messages']).toEqual(asked)
  })

  test('stays where nothing is refused', async () => {
    expect((await encode(openai as never, { messages: [...messages, left] }))['messages']).toEqual([...messages, left])
  })

  test.each([[[null]], [[1, 'x']], [[{ role: 'assistant', tool_calls: [null, signed, 1] }]]])(
    'odd messages stay as odd: %j',
    async (odd) => {
      const sent = (await encode(groq as never, { messages: odd }))['messages'] as unknown[]
      expect(JSON.stringify(sent)).toBe(
        JSON.stringify(odd).replace(/,"provider_specific_fields":[^}]*},"extra_content":[^}]*}}/, ''),
      )
    },
  )
})

describe('fields that the API rejects', () => {
  test.each([{ logprobs: false }, { top_logprobs: 0 }, { logit_bias: {} }, { logit_bias: null }])(
    '%o asks for nothing and is left out',
    async (field) => {
      expect(await encode(mistral as never, field)).toEqual({ model: 'm', messages })
      expect(await encode(groq as never, field)).toEqual({ model: 'm', messages })
    },
  )

  test('text alone is no modality to speak of', async () => {
    expect(await encode(mistral as never, { modalities: ['text'] })).toEqual({ model: 'm', messages })
    await expect(encode(mistral as never, { modalities: ['text', 'audio'] })).rejects.toMatchObject({ status: 400 })
  })

  test.each([{ logprobs: true }, { top_logprobs: 2 }, { logit_bias: { 50256: -100 } }])(
    '%o is refused by Groq',
    (field) =>
      expect(encode(groq as never, field)).rejects.toMatchObject({ status: 400, param: Object.keys(field)[0] }),
  )
})
