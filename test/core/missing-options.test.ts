import { expect, onTestFinished, test } from 'vitest'
import { AuthenticationError, createGateway, createLibrary } from '../../src/index.ts'
import type { Gateway, GatewayConfig } from '../../src/index.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'

const messages = [{ role: 'user' as const, content: 'Hello' }]
const NAMES = ['anthropic', 'azure', 'deepseek', 'gemini', 'groq', 'mistral', 'openai', 'perplexity', 'vllm', 'xai']

async function start(config: GatewayConfig, retries = 0): Promise<Gateway> {
  const gateway = await createGateway({ plugins: { retry: { retries } }, ...config }, { env: {} })
  onTestFinished(() => gateway.close())
  return gateway
}

async function ask(gateway: Gateway, model: string) {
  const response = await gateway.fetch(
    new Request('http://gateway/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages }),
    }),
  )
  return { status: response.status, body: (await response.json()) as { error?: { message: string; code: string } } }
}

test.each(NAMES)(
  'a deployment of %s without its key or base stops no start; its calls say what to set',
  async (name) => {
    const gateway = await start({
      models: [
        { name: 'm', model: `${name}/x` },
        { name: 'all/*', model: `${name}/*` },
      ],
    })
    for (const model of ['m', 'all/y']) {
      const { status, body } = await ask(gateway, model)
      expect(status).toBe(401)
      expect(body.error!.code).toBe('provider_not_configured')
      expect(body.error!.message).toMatch(new RegExp(`^The provider ${name} has no \\w+.* Set [A-Z_]+`))
    }
  },
)

test.each(['anthropic', 'gemini'])('a call to %s goes to the deployment of the group that has a key', async (name) => {
  const upstream = await startUpstream((_call, response) => sendJson(response, chatAnswer('Hi')))
  onTestFinished(() => upstream.close())
  const models = [
    { name: 'm', model: `${name}/x`, order: 1 },
    { name: 'm', model: 'openai/x', apiKey: 'sk-test-0123456789', baseURL: `${upstream.url}/v1`, order: 2 },
  ]
  const gateway = await start({ models }, 2)
  expect((await ask(gateway, 'm')).status).toBe(200)
})

test.each(['anthropic/x', 'gemini/x', 'openai/x'])('the library says which key %s needs', async (model) => {
  const { completion } = createLibrary(await start({}))
  const error = await completion({ model, messages }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AuthenticationError)
  expect(error).toMatchObject({ statusCode: 401, model, code: 'provider_not_configured' })
})
