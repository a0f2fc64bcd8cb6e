import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'vllm',
  description: 'A vLLM server, by its base URL',
  env: { apiKey: 'HOSTED_VLLM_API_KEY', baseURL: 'HOSTED_VLLM_API_BASE' },
  aliases: ['hosted_vllm'],
  required: ['baseURL'],
  priceProvider: false,
})
