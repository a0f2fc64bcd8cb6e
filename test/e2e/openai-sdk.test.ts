import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { instantMock, serveGateway } from '../support/serve.ts'
import type { Served } from '../support/serve.ts'

let served: Served

beforeAll(async () => {
  served = await serveGateway(instantMock)
})
afterAll(() => served.close())

const hello = [{ role: 'user' as const, content: 'Hello' }]
const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

describe.each(['', '/v1'])('the official Node SDK with base URL "%s"', (base) => {
  const client = () => new OpenAI({ baseURL: `${served.url}${base}`, apiKey: 'anything', maxRetries: 0 })

  it('chats', async () => {
    const answer = await client().chat.completions.create({ model: 'mock/echo', messages: hello })
    expect(answer.object).toBe('chat.completion')
    expect(answer.choices[0]!.message).toMatchObject({ role: 'assistant', content: 'Hello' })
    expect(answer.choices[0]!.finish_reason).toBe('stop')
    expect(answer.usage!.total_tokens).toBe(answer.usage!.prompt_tokens + answer.usage!.completion_tokens)
  })

  it('streams, with usage when asked for and without when not', async () => {
    const read = async (include: boolean) => {
      let text = ''
      let usage = 0
      const stream = await client().chat.completions.create({
        model: 'mock/echo',
        messages: hello,
        stream: true,
        ...(include ? { stream_options: { include_usage: true } } : {}),
      })
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? ''
        if (chunk.usage) usage++
      }
      return { text, usage }
    }
    expect(await read(true)).toEqual({ text: 'Hello', usage: 1 })
    expect(await read(false)).toEqual({ text: 'Hello', usage: 0 })
  })

  it('calls tools and takes their results', async () => {
    const first = await client().chat.completions.create({ model: 'mock', messages: hello, tools: [weather] })
    const message = first.choices[0]!.message
    const call = message.tool_calls![0]!
    expect(first.choices[0]!.finish_reason).toBe('tool_calls')
    expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } })
    const second = await client().chat.completions.create({
      model: 'mock',
      messages: [...hello, message, { role: 'tool', tool_call_id: call.id, content: 'sunny' }],
      tools: [weather],
    })
    expect(second.choices[0]!.finish_reason).toBe('stop')
  })

  it('completes text', async () => {
    const answer = await client().completions.create({ model: 'mock/echo', prompt: 'Once' })
    expect(answer).toMatchObject({ object: 'text_completion', choices: [{ text: 'Once', finish_reason: 'stop' }] })
  })

  it('embeds, as floats and as the base64 that the SDK asks for by default', async () => {
    const options = { model: 'mock', input: ['a', 'b'], dimensions: 4 }
    const floats = await client().embeddings.create({ ...options, encoding_format: 'float' })
    const decoded = await client().embeddings.create(options)
    expect(floats.data.map((item) => item.embedding.length)).toEqual([4, 4])
    for (const [i, item] of decoded.data.entries()) {
      for (const [j, value] of item.embedding.entries()) expect(value).toBeCloseTo(floats.data[i]!.embedding[j]!, 5)
    }
  })

  it('lists and finds models', async () => {
    const models = await client().models.list()
    expect(models.data.map((model) => model.id)).toEqual(expect.arrayContaining(['mock', 'mock/*']))
    expect(await client().models.retrieve('mock')).toMatchObject({
      id: 'mock',
      object: 'model',
      created: 1677610602,
      owned_by: 'openai',
    })
  })

  it('makes images', async () => {
    const images = await client().images.generate({ model: 'mock', prompt: 'a dot', response_format: 'b64_json' })
    expect(Buffer.from(images.data![0]!.b64_json!, 'base64').subarray(1, 4).toString()).toBe('PNG')
  })

  it('throws its typed errors', async () => {
    const call = (model: string) => client().chat.completions.create({ model, messages: hello })
    await expect(call('mock/error-429')).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    await expect(call('mock/error-401')).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    await expect(call('mock/error-500')).rejects.toBeInstanceOf(OpenAI.InternalServerError)
    await expect(call('no-such-model')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
    await expect(call('mock/context-window')).rejects.toMatchObject({ status: 400, code: 'context_length_exceeded' })
    await expect(client().chat.completions.create({ model: 'mock', messages: [] })).rejects.toMatchObject({
      status: 400,
      param: 'messages',
    })
  })
})

describe('the SDK without a port', () => {
  it('calls the gateway by its fetch', async () => {
    const gateway = await createGateway(instantMock, { env: {} })
    const client = new OpenAI({ baseURL: 'http://gateway/v1', apiKey: 'x', fetch: gateway.fetch })
    const answer = await client.chat.completions.create({ model: 'mock/echo', messages: hello })
    expect(answer.choices[0]!.message.content).toBe('Hello')
    let text = ''
    const stream = await client.chat.completions.create({ model: 'mock/echo', messages: hello, stream: true })
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe('Hello')
    const file = await toFile(Buffer.from('hi'), 'a.txt')
    await expect(client.files.create({ file, purpose: 'assistants' })).rejects.toMatchObject({ status: 400 })
    await gateway.close()
  })
})
