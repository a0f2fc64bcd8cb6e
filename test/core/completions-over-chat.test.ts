import { describe, expect, onTestFinished, test } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { chatAnswer, chatEvents } from '../support/openai-answers.ts'
import { sendEvents, sendJson, startUpstream } from '../support/upstream.ts'
import type { UpstreamHandler } from '../support/upstream.ts'

const answer: UpstreamHandler = (call, response) => {
  if (!call.path.endsWith('/chat/completions')) return sendJson(response, { error: { message: 'no such URL' } }, 404)
  if (call.body['stream'] === true) return sendEvents(response, chatEvents(['Once ', 'upon']))
  sendJson(response, chatAnswer('Once upon'))
}

/** A gateway in front of one upstream; models are `provider/name`. */
async function start(handler: UpstreamHandler = answer, path = '/v1') {
  const upstream = await startUpstream(handler)
  const prices = { input_cost_per_token: 0, output_cost_per_token: 0 }
  const options = { apiKey: 'sk-test-0123456789', baseURL: `${upstream.url}${path}`, prices }
  const names = ['groq', 'mistral', 'perplexity', 'deepseek', 'openai', 'gemini', 'anthropic']
  const models = names.map((name) => ({ name, model: `${name}/m`, ...options }))
  const gateway = await createGateway({ models, plugins: { retry: { retries: 0 } } as never }, { env: {} })
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const ask = async (model: string, more: Record<string, unknown> = {}) => {
    const response = await gateway.fetch('http://gateway/v1/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, prompt: 'Once', ...more }),
    })
    const text = await response.text()
    const body = more['stream'] === true ? undefined : (JSON.parse(text) as Record<string, unknown>)
    return { status: response.status, headers: response.headers, text, body, sent: upstream.requests.at(-1) }
  }
  return { upstream, ask }
}

describe('text completions of providers that have only chat', () => {
  test.each(['groq', 'mistral', 'perplexity', 'deepseek'])('%s', async (model) => {
    const { ask } = await start()
    const { status, body, sent } = await ask(model, { max_tokens: 5 })
    expect(status).toBe(200)
    expect(sent).toMatchObject({
      path: '/v1/chat/completions',
      body: { model: 'm', messages: [{ role: 'user', content: 'Once' }], max_tokens: 5 },
    })
    expect(body).toMatchObject({ object: 'text_completion', choices: [{ text: 'Once upon', finish_reason: 'stop' }] })
  })

  test('as a stream', async () => {
    const { ask } = await start()
    const { text } = await ask('groq', { stream: true })
    const chunks = text.split('\n\n').filter((event) => event.startsWith('data: {'))
    const texts = chunks.map(
      (event) => (JSON.parse(event.slice(6)) as { choices: { text: string }[] }).choices[0]?.text,
    )
    expect(texts.join('')).toBe('Once upon')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('a stream with an event that is no object is an error', async () => {
    const { ask } = await start((_call, response) => sendEvents(response, [...chatEvents(['On']).slice(0, 2), 'null']))
    const { text } = await ask('groq', { stream: true })
    expect(text).toContain('"error"')
    expect(text).not.toContain('[DONE]')
  })

  test.each(['data: {"choi', 'data: {"choices":[{"index":0,"delta":{"content":"On'])(
    'a stream that is cut inside of its first event is an error of the provider: %s',
    async (piece) => {
      const { ask } = await start((_call, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(piece)
      })
      const { status, text } = await ask('groq', { stream: true })
      expect(status).toBe(502)
      expect(text).toContain('bad_upstream_answer')
    },
  )

  test('content in parts is text', async () => {
    const content = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
      { type: 'text', text: 'Once upon' },
    ]
    const { ask } = await start((call, response) => {
      const parts = content as unknown as string
      if (call.body['stream'] === true) sendEvents(response, chatEvents([parts]))
      else sendJson(response, chatAnswer(parts))
    })
    expect((await ask('mistral')).body).toMatchObject({ choices: [{ text: 'Once upon' }] })
    expect((await ask('mistral', { stream: true })).text).toContain('"text":"Once upon"')
  })

  test('DeepSeek has its own at the beta address', async () => {
    const { ask } = await start((_call, response) => sendJson(response, { object: 'text_completion' }), '/beta')
    expect((await ask('deepseek', { suffix: 'end' })).sent).toMatchObject({ path: '/beta/completions' })
  })

  test('others are asked for text completions', async () => {
    const { ask } = await start()
    expect((await ask('openai')).sent).toMatchObject({ path: '/v1/completions' })
  })
})

describe('what chat cannot say', () => {
  const fields = [{ suffix: 'x' }, { echo: true }, { best_of: 2 }, { logprobs: 1, stream: true }]
  test.each(fields)('%o is refused by name, or dropped as asked', async (field) => {
    const { ask, upstream } = await start()
    const [name] = Object.keys(field) as [string]
    const refused = await ask('deepseek', field)
    expect(refused.status).toBe(400)
    expect(refused.text).toContain(`"param":"${name}"`)
    expect(upstream.requests).toHaveLength(0)
    const dropped = await ask('deepseek', { ...field, drop_params: true })
    expect(dropped.status).toBe(200)
    expect(dropped.headers.get('x-ungate-dropped-params')).toBe(name)
    expect(dropped.sent!.body).not.toHaveProperty(name)
  })

  test.each([{ suffix: '' }, { suffix: null }, { echo: false }, { best_of: 1 }])(
    '%o asks for nothing',
    async (field) => {
      const { ask } = await start()
      expect((await ask('groq', field)).status).toBe(200)
    },
  )
})

test.each([
  ['anthropic', '', 'The prompt is empty'],
  ['anthropic', ' \n', 'The prompt is empty'],
  ['gemini', '', 'The prompt holds nothing to send'],
])(
  'a prompt of which a provider takes no message is refused by its own name: %s, %j',
  async (model, prompt, message) => {
    const { ask } = await start()
    const { status, body } = await ask(model, { prompt })
    expect(status).toBe(400)
    expect(body).toMatchObject({ error: { param: 'prompt', message: expect.stringContaining(message) } })
  },
)

test('log probabilities have the form of this dialect', async () => {
  const token = (text: string, logprob: number) => ({ token: text, logprob, bytes: null })
  const content = [
    { ...token('Once', -0.1), top_logprobs: [token('Once', -0.1), token('One', -2)] },
    { ...token(' upon', -0.2), top_logprobs: [] },
  ]
  const { ask } = await start((_call, response) => {
    const chat = chatAnswer('Once upon') as { choices: object[] }
    sendJson(response, { ...chat, choices: [{ ...chat.choices[0], logprobs: { content, refusal: null } }] })
  })
  const { body, sent } = await ask('deepseek', { logprobs: 2 })
  expect(sent!.body).toMatchObject({ logprobs: true, top_logprobs: 2 })
  expect((body as { choices: { logprobs: unknown }[] }).choices[0]!.logprobs).toEqual({
    tokens: ['Once', ' upon'],
    token_logprobs: [-0.1, -0.2],
    top_logprobs: [{ Once: -0.1, One: -2 }, {}],
    text_offset: [0, 4],
  })
})
