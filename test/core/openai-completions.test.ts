import { expect, test } from 'vitest'
import openai from '../../providers/openai.ts'

async function serves(model: string, baseURL?: string) {
  const provider = await openai.setup(
    openai.options.parse({ apiKey: 'sk-test-0123456789', ...(baseURL && { baseURL }) }),
  )
  return provider.endpoints['openai.completions']!.serves!(model)
}

test.each(['gpt-4o', 'gpt-5.1-mini', 'gpt-3.5-turbo', 'chatgpt-4o-latest', 'o3-mini', 'ft:gpt-4o-mini:acme::1'])(
  'OpenAI has no text completions of %s',
  async (model) => {
    expect(await serves(model)).toBe(false)
    expect(await serves(model, 'https://api.openai.com/v1/')).toBe(false)
    expect(await serves(model, 'http://127.0.0.1:8000/v1')).toBe(true)
  },
)

test.each([
  'gpt-3.5-turbo-instruct',
  'gpt-3.5-turbo-instruct-0914',
  'davinci-002',
  'babbage-002',
  'ft:davinci-002:acme::1',
])('OpenAI has text completions of %s', async (model) => {
  expect(await serves(model)).toBe(true)
})
