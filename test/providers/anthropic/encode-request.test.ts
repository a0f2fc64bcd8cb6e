import { encodeRequest } from '../../../providers/anthropic/encode-request.ts'
import { describe, expect, test } from 'vitest'
import { encode, extra, messages, refusal } from './encoding.ts'
import { CLASSIC, CURRENT, NEWEST, fakeCall, fakeTranslation } from './fakes.ts'

describe('the whole request', () => {
  test('the least one', () => {
    expect(encode({}).out).toEqual({ model: CLASSIC, max_tokens: 4096, messages })
  })

  test('all common fields', () => {
    const { out, dropped } = encode({
      messages: [{ role: 'system', content: 'Be kind.' }, ...messages],
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      max_tokens: 100,
      stop: 'END',
      stream: true,
      stream_options: { include_usage: true },
      user: 'user-1',
      service_tier: 'auto',
      context_management: { edits: [] },
      mcp_servers: [{ type: 'url', url: 'https://mcp.example.com', name: 'm' }],
    })
    expect(dropped).toEqual([])
    expect(out).toEqual({
      model: CLASSIC,
      max_tokens: 100,
      system: 'Be kind.',
      messages,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      stop_sequences: ['END'],
      stream: true,
      metadata: { user_id: 'user-1' },
      service_tier: 'auto',
      context_management: { edits: [] },
      mcp_servers: [{ type: 'url', url: 'https://mcp.example.com', name: 'm' }],
    })
  })

  test("a system text in Anthropic's own field comes first", () => {
    const own = [{ role: 'system', content: 'B' }, ...messages]
    expect(encode({ system: 'A', messages: own }).out['system']).toEqual([
      { type: 'text', text: 'A' },
      { type: 'text', text: 'B' },
    ])
  })

  test('nulls say nothing', () => {
    const nulls = { temperature: null, stop: null, n: null, tools: null, tool_choice: null, response_format: null }
    expect(
      extra({ ...nulls, user: null, seed: null, metadata: null, max_tokens: null, reasoning_effort: null }),
    ).toEqual({ max_tokens: 4096 })
  })

  test('a __proto__ key changes nothing', () => {
    const body = JSON.parse('{"messages":[{"role":"user","content":"Hi"}],"__proto__":{"stream":true}}')
    const out = encodeRequest(fakeCall(body), fakeTranslation(), { maxTokens: undefined })
    expect(JSON.stringify(out)).toBe(JSON.stringify({ model: CLASSIC, max_tokens: 4096, messages }))
    expect(Object.getPrototypeOf(out)).toBe(Object.prototype)
  })
})

describe('token limits', () => {
  test.each([
    [{ max_tokens: 7 }, {}, 7],
    [{ max_completion_tokens: 8, max_tokens: 7 }, {}, 8],
    [{}, { maxTokens: 500 }, 500],
    [{}, { model: CURRENT }, 4096],
    [{}, { model: NEWEST }, 12_288],
    [{}, { model: NEWEST, maxTokens: 500 }, 500],
  ])('%j with %j: %d', (body, options, expected) => {
    expect(encode(body, options).out['max_tokens']).toBe(expected)
  })
})

describe('what Anthropic cannot carry', () => {
  test.each([
    ['n', 2],
    ['logit_bias', { 50256: -100 }],
    ['logprobs', true],
    ['top_logprobs', 3],
    ['presence_penalty', 0.5],
    ['frequency_penalty', -1],
    ['seed', 0],
    ['audio', { voice: 'alloy', format: 'wav' }],
    ['modalities', ['text', 'audio']],
    ['prediction', { type: 'content', content: 'a' }],
    ['verbosity', 'low'],
    ['store', true],
    ['prompt_cache_key', 'k'],
    ['prompt_cache_retention', '24h'],
    ['temperature', 1.2],
    ['stop', ['\n']],
    ['metadata', { order: '7' }],
    ['service_tier', 'flex'],
    ['response_format', { type: 'grammar' }],
  ])('%s: %j is refused, or dropped by name', (param, value) => {
    expect(refusal({ [param]: value })).toEqual({ status: 400, param })
    expect(encode({ [param]: value })).toEqual({
      out: { model: CLASSIC, max_tokens: 4096, messages },
      dropped: [param],
    })
  })

  test.each([
    ['n', 1],
    ['logit_bias', {}],
    ['logprobs', false],
    ['top_logprobs', 0],
    ['presence_penalty', 0],
    ['frequency_penalty', 0],
    ['modalities', ['text']],
    ['verbosity', 'medium'],
    ['store', false],
    ['metadata', {}],
    ['prompt_cache_retention', 'in_memory'],
    ['response_format', { type: 'text' }],
    ['parallel_tool_calls', true],
  ])('%s: %j asks for nothing', (param, value) => {
    expect(refusal({ [param]: value })).toBeUndefined()
    expect(extra({ [param]: value })).toEqual({ max_tokens: 4096 })
  })
})

describe('stop, user, tier', () => {
  test('of several stop sequences only the blank ones cannot be carried', () => {
    const { out, dropped } = encode({ stop: ['\n\n', 'END', 'Q:'] })
    expect(out['stop_sequences']).toEqual(['END', 'Q:'])
    expect(dropped).toEqual(['stop'])
    expect(refusal({ stop: [1] })).toEqual({ status: 400, param: 'stop' })
  })

  test.each([
    [{ user: 'u1' }, 'u1'],
    [{ metadata: { user_id: 'u2' }, user: 'u1' }, 'u2'],
    [{ safety_identifier: 'u3' }, 'u3'],
    // sha256, as Anthropic asks where the id would tell who it is
    [{ user: 'someone@example.com' }, '72497f475e4f76d0b28f57c73a084ece576d170874eba3ee2609d9afe4b71aab'],
  ])('%j', (body, user_id) => {
    expect(extra(body)).toEqual({ max_tokens: 4096, metadata: { user_id } })
  })

  test('service tiers', () => {
    expect(extra({ service_tier: 'default' })).toEqual({ max_tokens: 4096, service_tier: 'standard_only' })
  })
})
