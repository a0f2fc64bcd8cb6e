import { expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'

// "localhost:8000" is a URL by the letter, of a scheme named localhost.
it.each(['localhost:8000/v1', 'ftp://api.example', 'api.example/v1', '/v1'])(
  'a base of %s stops the start',
  async (url) => {
    for (const provider of ['openai', 'vllm', 'anthropic', 'azure']) {
      const models = [{ name: 'm', model: `${provider}/m`, apiKey: 'k', baseURL: url }]
      await expect(createGateway({ models }, { env: {} })).rejects.toThrow('models[0].baseURL: is not a valid url.')
    }
  },
)
