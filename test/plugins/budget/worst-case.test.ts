import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOf } from '../../../src/index.ts'
import type { Call, Context, Price, PriceTier, Target, Usage } from '../../../src/index.ts'
import { measureCall } from '../../../plugins/budget/call-size.ts'
import { worstCase } from '../../../plugins/budget/worst-case.ts'

const OPTIONS = { defaultOutputTokens: 4096, imageTokens: 6000, timeout: 600 }
const NO_UNITS = { request: 0, search: 0, second: 0, image: 0, imageInput: 0, pixel: 0, character: 0 }
const flat = (input: number, output: number, more: Partial<PriceTier> = {}): PriceTier => ({
  above: 0,
  input,
  cacheRead: input,
  cacheWrite: input,
  cacheWrite1h: input,
  audioInput: input,
  imageInput: input,
  output,
  reasoning: output,
  audioOutput: output,
  imageOutput: output,
  ...more,
})
const price = (tiers: PriceTier[], more: Partial<Price> = {}): Price => ({
  source: 'deployment',
  tiers,
  units: NO_UNITS,
  free: false,
  ...more,
})

function callOf(body: Record<string, unknown>, more: Partial<Call> = {}): Call {
  return {
    wire: 'openai.chat',
    method: 'POST',
    path: '/chat/completions',
    search: '',
    model: 'm',
    stream: false,
    body,
    raw: JSON.stringify(body),
    headers: new Headers(),
    ...more,
  }
}

interface Where {
  price?: Price
  deployment?: Record<string, unknown>
  role?: 'admin' | 'user'
}

function worst(call: Call, { price: given = price([flat(1, 1000)]), deployment = {}, role = 'user' }: Where = {}) {
  const target = { id: 'd', group: 'm', model: 'm', deployment: { info: {}, ...deployment } } as unknown as Target
  const ctx = { call, principal: { id: 'x', role } } as unknown as Context
  const size = measureCall(call)
  return worstCase(ctx, target, { size, prices: { of: () => given } as never, options: OPTIONS })
}

const outputOf = (body: Record<string, unknown>, more?: Partial<Call>, where?: Where) =>
  worst(callOf(body, more), where).outputTokens
const hi = { messages: [{ role: 'user', content: 'Hi' }] }

describe('output', () => {
  it('is what the call allows, in all its choices', () => {
    expect(outputOf({ ...hi, max_tokens: 10 })).toBe(10)
    expect(outputOf({ ...hi, max_tokens: 10, max_completion_tokens: 300 })).toBe(300)
    expect(outputOf({ ...hi, max_tokens: 10, n: 3 })).toBe(30)
    const completions = { wire: 'openai.completions' }
    expect(outputOf({ prompt: ['a', 'b'], max_tokens: 10, best_of: 4, n: 2 }, completions)).toBe(80)
    expect(outputOf({ prompt: [1, 2, 3], max_tokens: 10 }, completions)).toBe(10)
    const responses = { wire: 'openai.*', path: '/responses' }
    expect(outputOf({ input: 'Hi', max_output_tokens: 50 }, responses)).toBe(50)
  })

  it('does not believe fields that the endpoint does not heed, or that are dropped on the way', () => {
    expect(outputOf({ ...hi, max_output_tokens: 1 })).toBe(4096)
    expect(outputOf({ input: 'Hi', max_tokens: 1 }, { wire: 'openai.*', path: '/responses' })).toBe(4096)
    expect(outputOf({ ...hi, max_tokens: 1, additional_drop_params: ['max_tokens'] })).toBe(4096)
    const dropping = { deployment: { additionalDropParams: ['max_tokens'] } }
    expect(outputOf({ ...hi, max_tokens: 1 }, {}, dropping)).toBe(4096)
    expect(outputOf({ ...hi, max_tokens: -5 })).toBe(4096)
    expect(outputOf({ ...hi, max_tokens: '1' })).toBe(4096)
  })

  it('else the deployment’s default, else the model’s limit, else the default', () => {
    expect(outputOf(hi, {}, { deployment: { params: { max_tokens: 77 } } })).toBe(77)
    expect(outputOf(hi, {}, { deployment: { info: { max_output_tokens: 500, max_tokens: 9 } } })).toBe(500)
    expect(outputOf(hi, {}, { deployment: { info: { max_tokens: 9 } } })).toBe(9)
    expect(worst(callOf(hi))).toMatchObject({ outputTokens: 4096, open: true })
    expect(worst(callOf({ ...hi, max_tokens: 5 }))).toMatchObject({ open: false })
    expect(outputOf({ ...hi, reasoning_effort: 'high' })).toBe(4096 + 32_768)
    expect(outputOf({ ...hi, thinking: { type: 'enabled', budget_tokens: 2000 } })).toBe(6096)
  })

  it('of embeddings is none, of pictures what they have', () => {
    expect(outputOf({ input: 'Hi' }, { wire: 'openai.embeddings' })).toBe(0)
    expect(outputOf({ input: 'Hi' }, { wire: 'openai.*', path: '/moderations' })).toBe(0)
    expect(outputOf({ prompt: 'Hi', n: 2 }, { wire: 'openai.images' })).toBe(16_384)
  })
})

describe('input', () => {
  const inputOf = (body: Record<string, unknown>, more?: Partial<Call>, where?: Where) =>
    worst(callOf(body, more), { price: price([flat(1, 0)]), ...where }).cost - 5

  it('is every byte of the request, and some for what is put around it', () => {
    const body = { ...hi, max_tokens: 1 }
    expect(inputOf(body)).toBe(JSON.stringify(body).length + 64)
    const chinese = { messages: [{ role: 'user', content: '漢字'.repeat(50) }], max_tokens: 1 }
    expect(inputOf(chinese)).toBe(Buffer.byteLength(JSON.stringify(chinese)) + 64)
    const params = { params: { stop: 'END' } }
    expect(inputOf(body, {}, { deployment: params })).toBe(JSON.stringify(body).length + 64 + 14)
  })

  it('counts pictures and sounds for what they are, and text in their place as text', () => {
    const data = 'A'.repeat(100_000)
    const parts = (content: unknown) => ({ messages: [{ role: 'user', content }], max_tokens: 1 })
    const picture = parts([{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }])
    expect(inputOf(picture)).toBe(JSON.stringify(picture).length - 100_022 + 64 + 6000)
    const linked = parts([{ type: 'image_url', image_url: { url: 'https://example.com/x.png' } }])
    expect(inputOf(linked)).toBe(JSON.stringify(linked).length + 64 + 6000)
    const sound = parts([{ type: 'input_audio', input_audio: { data, format: 'mp3' } }])
    expect(inputOf(sound)).toBe(JSON.stringify(sound).length - 100_000 + 64 + 4688)
    const text = parts([{ type: 'text', text: `data:image/png;base64,${data}` }])
    expect(inputOf(text)).toBe(JSON.stringify(text).length + 64)
    const result = parts([{ type: 'tool_result', content: [{ type: 'image', source: { type: 'base64', data } }] }])
    expect(inputOf(result)).toBe(JSON.stringify(result).length - 100_000 + 64 + 6000)
  })

  it('is the model’s whole window where it is not in the request', () => {
    const responses = { wire: 'openai.*', path: '/responses' }
    const where = { price: price([flat(1, 0)], { contextWindow: 128_000 }) }
    expect(inputOf({ input: 'Hi', previous_response_id: 'resp_1' }, responses, where)).toBe(128_000)
    expect(inputOf({ input: 'Hi', tools: [{ type: 'web_search' }] }, responses, where)).toBe(128_000)
    const file = { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] }
    expect(inputOf(file, {}, { deployment: { info: { max_input_tokens: 9000 } } })).toBe(9000)
    expect(inputOf(file)).toBe(200_000)
    const tools = { ...hi, tools: [{ type: 'function', function: { name: 'f' } }] }
    expect(inputOf(tools, {}, where)).toBe(JSON.stringify(tools).length + 64 + 1024)
  })
})

describe('price', () => {
  it('is the dearest that the tokens can turn out to have', () => {
    const dear = price([flat(1, 1, { cacheWrite1h: 2, reasoning: 7 }), flat(3, 9, { above: 1000 })])
    const short = callOf({ ...hi, max_tokens: 100 })
    const bytes = (call: Call) => (call.raw as string).length + 64
    expect(worst(short, { price: dear }).cost).toBe(bytes(short) * 2 + 700 + 5)
    const long = callOf({ messages: [{ role: 'user', content: 'x'.repeat(1000) }], max_tokens: 100 })
    expect(worst(long, { price: dear }).cost).toBe(bytes(long) * 3 + 900 + 5)
    const tiered = price([flat(1, 1)], { services: { priority: [flat(2, 2)], flex: [flat(0.5, 0.5)] } })
    expect(worst(short, { price: tiered }).cost).toBe(bytes(short) * 2 + 200 + 5)
    const usual = callOf({ ...hi, max_tokens: 100, service_tier: 'default' })
    expect(worst(usual, { price: tiered }).cost).toBe(bytes(usual) + 100 + 5)
  })

  it('is that of the request where a trusted caller sets it', () => {
    const call = callOf({ ...hi, max_tokens: 100, input_cost_per_token: 0, output_cost_per_token: 1e-6 })
    const units = price([flat(1, 1)], { units: { ...NO_UNITS, request: 1_000_000 } })
    expect(worst(call, { role: 'admin', price: units }).cost).toBe(100 * 1000 + 5)
    expect(worst(call, { role: 'user', price: units }).cost).toBe(
      (call.raw as string).length + 64 + 100 + 1_000_000 + 5,
    )
  })

  it('counts what is no token', () => {
    const units = price([flat(0, 0)], {
      units: { ...NO_UNITS, request: 10, image: 40, pixel: 0.001, second: 2, character: 3 },
    })
    const pictures = callOf({ prompt: 'Hi', n: 2, size: '100x100' }, { wire: 'openai.images' })
    const bytes = (pictures.raw as string).length
    expect(worst(pictures, { price: units }).cost).toBe(10 + 80 + 20 + 3 * bytes + 5)
    const sound = callOf({}, { wire: 'openai.*', path: '/audio/transcriptions', raw: new Uint8Array(60_000) })
    expect(worst(sound, { price: units }).cost).toBe(10 + 120 + 3 * 60_000 + 5)
    expect(
      worst(callOf({}, { wire: 'openai.*', path: '/files', raw: new Uint8Array(60_000) }), { price: units }).cost,
    ).toBe(0)
    expect(worst(callOf({}, { wire: 'openai.*', path: '/batches/1', method: 'GET' }), { price: units }).cost).toBe(0)
  })
})

const rate = fc.double({ min: 0, max: 50_000, noNaN: true })
const tier = fc
  .record({
    above: fc.constantFrom(0, 100, 2000),
    input: rate,
    cacheRead: rate,
    cacheWrite: rate,
    cacheWrite1h: rate,
    audioInput: rate,
    imageInput: rate,
    output: rate,
    reasoning: rate,
    audioOutput: rate,
    imageOutput: rate,
  })
  .map((given): PriceTier => given)
const tiers = fc
  .array(tier, { minLength: 1, maxLength: 3 })
  .map((list) => list.sort((a, b) => a.above - b.above).map((each, i) => (i === 0 ? { ...each, above: 0 } : each)))

it('nothing that a call can come to costs more', () => {
  fc.assert(
    fc.property(
      fc.record({ tiers, priority: tiers, flex: tiers }),
      fc.record({
        content: fc.string({ unit: 'grapheme', maxLength: 300 }),
        max: fc.integer({ min: 1, max: 5000 }),
        n: fc.integer({ min: 1, max: 3 }),
      }),
      fc.constantFrom(undefined, 'auto', 'default', 'flex', 'priority'),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }),
      (prices, ask, service, shares) => {
        const given = price(prices.tiers, { services: { priority: prices.priority, flex: prices.flex } })
        const body = {
          messages: [{ role: 'user', content: ask.content }],
          max_tokens: ask.max,
          n: ask.n,
          ...(service ? { service_tier: service } : {}),
        }
        const part = (of: number, i: number) => Math.floor(of * shares[i]!)
        const input = part(Buffer.byteLength(ask.content) + 8, 0)
        const output = part(ask.max * ask.n, 1)
        const cacheWrite = part(input, 2)
        const served = service === undefined || service === 'auto' ? 'priority' : service
        const usage: Usage = {
          input,
          output,
          cacheWrite,
          cacheWrite1h: part(cacheWrite, 3),
          cacheRead: part(input - cacheWrite, 4),
          reasoning: part(output, 5),
          audioOutput: part(output, 6),
          imageOutput: part(output, 7),
          serviceTier: shares[8]! > 0.5 ? served : 'default',
        }
        expect(costOf(usage, given).total).toBeLessThanOrEqual(worst(callOf(body), { price: given }).cost)
      },
    ),
    { numRuns: 300 },
  )
})
