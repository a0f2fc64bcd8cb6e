import { afterAll, expect, it, onTestFinished } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'
import { startUpstream } from './upstream.ts'

let answer: Record<string, unknown> = { data: [] }
const upstream = await startUpstream(({ path }, response) => {
  const body = path === '/v1/rerank' ? { results: [], meta: { billed_units: { search_units: 1 } } } : answer
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
})
afterAll(() => upstream.close())

/** Calls a model with these prices, whose provider says nothing of usage. */
async function priced(prices: Record<string, number>) {
  const outcomes: Outcome[] = []
  const watch = definePlugin({
    name: 'watch',
    options: z.object({}),
    setup: () => ({ auth: (ctx) => ctx.onSettle((outcome) => void outcomes.push(outcome)) }),
  })
  const model = { name: 'm', model: 'openai/own', apiKey: 'sk-test-0000', baseURL: upstream.baseURL, prices }
  const gateway = await createGateway({ models: [model], use: [watch] }, { env: {} })
  onTestFinished(() => gateway.close())
  return async (method: string, path: string, body?: string | FormData) => {
    const headers: Record<string, string> = { 'x-litellm-model': 'm' }
    if (typeof body === 'string') headers['content-type'] = 'application/json'
    const response = await gateway.fetch(`http://gateway/v1${path}`, { method, headers, ...(body ? { body } : {}) })
    await response.arrayBuffer()
    return [response.status, response.headers.get('x-litellm-response-cost'), outcomes.at(-1)!.cost?.total]
  }
}

it('charges a price per request where the provider tells no usage, and not for what is kept or fetched', async () => {
  const call = await priced({ input_cost_per_query: 0.002 })
  const body = JSON.stringify({ model: 'm', query: 'a', documents: ['b'] })
  expect(await call('POST', '/rerank', body)).toEqual([200, '0.002', 2_000_000])
  expect(await call('GET', '/files')).toEqual([200, null, undefined])
  expect(await call('POST', '/vector_stores', body)).toEqual([200, null, undefined])
})

it('charges for what is fetched only where nobody can have paid for it yet', async () => {
  const call = await priced({ input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 })
  answer = { usage: { input_tokens: 100, output_tokens: 50, total_tokens: 150 }, background: false }
  const paid = [200, '0.0002', 200_000]
  const nothing = [200, null, undefined]
  const body = JSON.stringify({ model: 'm', input: 'a' })
  expect(await call('POST', '/responses', body)).toEqual(paid)
  expect(await call('GET', '/responses/resp_1')).toEqual(nothing)
  expect(await call('GET', '/chat/completions/chatcmpl-1')).toEqual(nothing)
  expect(await call('POST', '/chat/completions/chatcmpl-1', JSON.stringify({ metadata: {} }))).toEqual(nothing)
  expect(await call('GET', '/threads/thread_1/runs/run_1')).toEqual(paid)
  answer = { ...answer, background: true }
  expect(await call('GET', '/responses/resp_1')).toEqual(paid)
  // A list that is too long to be parsed whole.
  answer = { data: [{ usage: answer['usage'], output: 'x'.repeat(70_000) }] }
  expect(await call('GET', '/batches')).toEqual(nothing)
})

it('knows that a free model has cost nothing where the provider tells no usage', async () => {
  const call = await priced({ input_cost_per_token: 0, output_cost_per_token: 0 })
  expect(await call('POST', '/moderations', JSON.stringify({ model: 'm', input: 'a' }))).toEqual([200, '0', 0])
})

it('charges for each picture of an edit, which is a form', async () => {
  const form = (fields: Record<string, string>) => {
    const data = new FormData()
    for (const [name, value] of Object.entries({ model: 'm', prompt: 'a', ...fields })) data.set(name, value)
    data.set('image', new Blob(['png'], { type: 'image/png' }), 'a.png')
    return data
  }
  const perImage = await priced({ output_cost_per_image: 0.04 })
  expect(await perImage('POST', '/images/edits', form({ n: '3' }))).toEqual([200, '0.12', 120_000_000])
  expect(await perImage('POST', '/images/variations', form({}))).toEqual([200, '0.04', 40_000_000])
  for (const n of ['1e300', 'Infinity']) {
    expect(await perImage('POST', '/images/edits', form({ n }))).toEqual([200, '0.4', 400_000_000])
  }
  expect(await perImage('POST', '/images/edits', form({ n: 'some' }))).toEqual([200, '0.04', 40_000_000])
  const perPixel = await priced({ output_cost_per_pixel: 1e-7 })
  expect(await perPixel('POST', '/images/edits', form({ size: '256x256' }))).toEqual([200, '0.0065536', 6_553_600])
})
