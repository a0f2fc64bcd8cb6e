import { expect, onTestFinished, test } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'

async function gatewayWith() {
  const upstream = await startUpstream((call, response) => {
    if (call.path.endsWith('/messages')) sendJson(response, { type: 'error', error: { type: 'api_error' } }, 500)
    else sendJson(response, chatAnswer('Hello'))
  })
  const options = { apiKey: 'sk-test-0123456789', baseURL: `${upstream.url}/v1` }
  const gateway = await createGateway(
    {
      models: [
        { name: 'claude', model: 'anthropic/claude-sonnet-4-5', ...options },
        { name: 'gpt', model: 'openai/gpt-4o', ...options },
      ],
      plugins: { retry: { retries: 0 }, fallback: { fallbacks: [{ claude: ['gpt'] }] } } as never,
    },
    { env: {} },
  )
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const ask = (body: Record<string, unknown>) =>
    gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'claude', messages: [{ role: 'user', content: 'Hi' }], ...body }),
    })
  return { upstream, ask }
}

test('what a failed attempt dropped and its fallback carried is not reported as dropped', async () => {
  const { upstream, ask } = await gatewayWith()
  const answer = await ask({ seed: 7, drop_params: true })
  expect(answer.status).toBe(200)
  expect(upstream.requests.at(-1)!.body).toMatchObject({ model: 'gpt-4o', seed: 7 })
  expect(answer.headers.get('x-ungate-dropped-params')).toBeNull()
})

test('what every attempt dropped is reported once', async () => {
  const { upstream, ask } = await gatewayWith()
  const answer = await ask({ seed: 7, additional_drop_params: ['seed'] })
  expect(upstream.requests.at(-1)!.body).not.toHaveProperty('seed')
  expect(answer.headers.get('x-ungate-dropped-params')).toBe('seed')
})
