import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'openai',
  description: 'OpenAI, and any compatible endpoint by `baseURL`',
  baseURL: 'https://api.openai.com/v1',
  env: {
    apiKey: 'OPENAI_API_KEY',
    baseURL: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'],
    organization: 'OPENAI_ORGANIZATION',
  },
  aliases: ['text-completion-openai', 'custom_openai', 'openai_like'],
  claims: [
    'gpt-*',
    'chatgpt-*',
    'o1*',
    'o3*',
    'o4*',
    'text-embedding-*',
    'dall-e-*',
    'tts-*',
    'whisper-*',
    'omni-moderation-*',
    'sora-*',
    'codex-*',
  ],
})
