import { makeOpenAILike } from '../src/index.ts'

/** Models that OpenAI itself serves as chats alone ("This is a chat model and not supported in the v1/completions endpoint"). */
const CHAT = /^(?:ft:)?(?:gpt-(?!3\.5-turbo-instruct)|chatgpt-|o\d)/

export default makeOpenAILike({
  name: 'openai',
  description: 'OpenAI, and any compatible endpoint by `baseURL`',
  baseURL: 'https://api.openai.com/v1',
  env: {
    apiKey: 'OPENAI_API_KEY',
    baseURL: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'],
    organization: 'OPENAI_ORGANIZATION',
  },
  completions: (model, base) => !base.startsWith('https://api.openai.com/') || !CHAT.test(model),
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
