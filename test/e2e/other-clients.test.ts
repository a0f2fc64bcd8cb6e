import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { embed, generateText, jsonSchema, streamText, tool } from 'ai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instantMock, serveGateway } from '../support/serve.ts'
import type { Served } from '../support/serve.ts'

let served: Served

beforeAll(async () => {
  served = await serveGateway(instantMock)
})
afterAll(() => served.close())

describe('the Vercel AI SDK', () => {
  const provider = () =>
    createOpenAICompatible({ name: 'ungate', baseURL: `${served.url}/v1`, apiKey: 'x', includeUsage: true })

  it('generates and streams text', async () => {
    const whole = await generateText({ model: provider()('mock/echo'), prompt: 'Hello there' })
    expect(whole.text).toBe('Hello there')
    expect(whole.usage.outputTokens).toBeGreaterThan(0)
    const stream = streamText({ model: provider()('mock/echo'), prompt: 'Hello there' })
    let text = ''
    for await (const piece of stream.textStream) text += piece
    expect(text).toBe('Hello there')
    expect((await stream.usage).outputTokens).toBe(whole.usage.outputTokens)
  })

  it('calls tools', async () => {
    const { toolCalls } = await generateText({
      model: provider()('mock'),
      prompt: 'weather?',
      tools: {
        weather: tool({
          inputSchema: jsonSchema<{ city: string }>({
            type: 'object',
            properties: { city: { type: 'string' } },
            required: ['city'],
          }),
        }),
      },
    })
    expect(toolCalls[0]).toMatchObject({ toolName: 'weather', input: { city: expect.any(String) } })
  })

  it('embeds', async () => {
    const { embedding } = await embed({ model: provider().embeddingModel('mock'), value: 'hi' })
    expect(embedding).toHaveLength(1536)
  })
})

describe('LangChain', () => {
  const options = () => ({ apiKey: 'x', configuration: { baseURL: `${served.url}/v1` }, maxRetries: 0 })

  it('invokes and streams', async () => {
    const model = new ChatOpenAI({ model: 'mock/echo', ...options() })
    expect((await model.invoke('Hello')).content).toBe('Hello')
    let text = ''
    for await (const chunk of await model.stream('Hello')) text += String(chunk.content)
    expect(text).toBe('Hello')
  })

  it('embeds', async () => {
    const embeddings = new OpenAIEmbeddings({ model: 'mock', dimensions: 8, ...options() })
    expect((await embeddings.embedDocuments(['a', 'b'])).map((vector) => vector.length)).toEqual([8, 8])
  })
})
