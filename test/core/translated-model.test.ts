import { expect, onTestFinished, test } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { startUpstream } from '../support/upstream.ts'

const line = { model: 'llama3:8b', created_at: '2024-01-01T00:00:00Z', done: true, done_reason: 'stop' }

/** A gateway with one Ollama model under a name of its own. */
async function start() {
  const upstream = await startUpstream((call, response) => {
    const last = { ...line, prompt_eval_count: 4, eval_count: 2 }
    const said: Record<string, object> = {
      '/api/chat': { ...last, message: { role: 'assistant', content: 'Hi' } },
      '/api/generate': { ...last, response: 'Hi' },
      '/api/embed': { model: 'llama3:8b', embeddings: [[0.5]], prompt_eval_count: 1 },
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    response.end(`${JSON.stringify(said[call.path])}\n`)
  })
  const model = { name: 'house', model: 'ollama/llama3:8b', baseURL: upstream.url }
  const gateway = await createGateway({ models: [model], aliases: { nice: 'house' } }, { env: {} })
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  return async (path: string, body: object) => {
    const response = await gateway.fetch(`http://gateway/v1/${path}`, { method: 'POST', body: JSON.stringify(body) })
    return response.text()
  }
}

test.each(['house', 'nice'])(
  'a translated answer says the name it was asked by, %s, whole and as a stream',
  async (model) => {
    const ask = await start()
    const messages = [{ role: 'user', content: 'Hi' }]
    for (const [path, body] of [
      ['chat/completions', { model, messages }],
      ['completions', { model, prompt: 'Hi' }],
      ['embeddings', { model, input: 'Hi' }],
    ] as const) {
      const answer = JSON.parse(await ask(path, body)) as { model: string }
      expect([path, answer.model]).toEqual([path, model])
    }
    const streamed = await ask('chat/completions', { model, messages, stream: true })
    expect(new Set(streamed.match(/"model":"[^"]*"/g))).toEqual(new Set([`"model":"${model}"`]))
  },
)
