import { describe, expect, test } from 'vitest'
import { encode, extra, messages, refusal } from './encoding.ts'
import { CLASSIC, CURRENT, NEWEST } from './fakes.ts'

describe('sampling by model', () => {
  const recent = 'claude-sonnet-4-5'
  test.each([
    [recent, { temperature: 0.2, top_p: 1 }, { temperature: 0.2 }, []],
    [recent, { temperature: 1, top_p: 0.9 }, { top_p: 0.9 }, []],
    [recent, { temperature: 0.2, top_p: 0.9 }, { temperature: 0.2 }, ['top_p']],
    [recent, { temperature: 0, top_k: 5 }, { temperature: 0, top_k: 5 }, []],
    [NEWEST, { temperature: 1, top_p: 1 }, {}, []],
    [NEWEST, { temperature: 0.2, top_p: 0.9, top_k: 5 }, {}, ['temperature', 'top_p', 'top_k']],
    [CLASSIC, { thinking: { type: 'enabled', budget_tokens: 2000 }, temperature: 1, top_p: 0.95 }, { top_p: 0.95 }, []],
    [
      CLASSIC,
      { thinking: { type: 'enabled', budget_tokens: 2000 }, temperature: 0, top_p: 0.5, top_k: 5 },
      {},
      ['temperature', 'top_p', 'top_k'],
    ],
  ])('%s %j', (model, body, expected, dropped) => {
    const result = encode(body, { model })
    const { model: _, messages: __, max_tokens: ___, thinking: ____, ...rest } = result.out
    expect(rest).toEqual(expected)
    expect(result.dropped).toEqual(dropped)
  })
})

describe('thinking', () => {
  const budget = (budget_tokens: number) => ({ type: 'enabled', budget_tokens })

  test.each([
    ['minimal', 1024],
    ['low', 1024],
    ['medium', 2048],
    ['high', 4096],
    ['xhigh', 8192],
  ])('%s is a budget on older models, on top of the answer', (reasoning_effort, tokens) => {
    expect(extra({ reasoning_effort })).toEqual({ thinking: budget(tokens), max_tokens: 4096 + tokens })
  })

  test.each([
    ['minimal', 'low', 8192],
    ['low', 'low', 8192],
    ['medium', 'medium', 12_288],
    ['high', 'high', 20_480],
    ['xhigh', 'max', 36_864],
  ])('%s is an effort on Claude 4.6', (reasoning_effort, effort, max_tokens) => {
    expect(extra({ reasoning_effort }, { model: CURRENT })).toEqual({
      thinking: { type: 'adaptive' },
      output_config: { effort },
      max_tokens,
    })
  })

  test('models that hide their thinking are asked for a summary', () => {
    expect(extra({ reasoning_effort: 'xhigh', max_tokens: 900 }, { model: NEWEST })).toEqual({
      thinking: { type: 'adaptive', display: 'summarized' },
      output_config: { effort: 'xhigh' },
      max_tokens: 900,
    })
  })

  test.each([
    [3000, { thinking: budget(1500), max_tokens: 3000 }, []],
    [1500, { thinking: budget(1024), max_tokens: 1500 }, []],
    [1024, { max_tokens: 1024 }, ['reasoning_effort']],
  ])("the client's limit of %d is kept", (max_tokens, expected, dropped) => {
    expect(extra({ reasoning_effort: 'high', max_tokens })).toEqual(expected)
    expect(encode({ reasoning_effort: 'high', max_tokens }).dropped).toEqual(dropped)
  })

  test.each([
    [CLASSIC, {}, []],
    [CURRENT, {}, []],
    ['claude-opus-4-8', {}, []],
    ['claude-sonnet-5', { thinking: { type: 'disabled' } }, []],
    ['claude-sonnet-5-5', { thinking: { type: 'between_tools' } }, []],
    [NEWEST, {}, ['reasoning_effort']],
    ['claude-fable-5', {}, ['reasoning_effort']],
  ])('none on %s', (model, expected, dropped) => {
    for (const reasoning_effort of ['none', 'disable']) {
      const result = encode({ reasoning_effort, max_tokens: 9 }, { model })
      expect(result.out).toEqual({ model, messages, max_tokens: 9, ...expected })
      expect(result.dropped).toEqual(dropped)
    }
  })

  test('models that do not think, and unknown efforts', () => {
    expect(refusal({ reasoning_effort: 'low' }, 'claude-3-5-haiku-20241022')).toEqual({
      status: 400,
      param: 'reasoning_effort',
    })
    expect(refusal({ reasoning_effort: 'huge' })).toEqual({ status: 400, param: 'reasoning_effort' })
    expect(refusal({ thinking: 'yes' })).toEqual({ status: 400, param: 'thinking' })
  })

  test('a thinking object passes as it is and wins', () => {
    const thinking = { type: 'adaptive', display: 'omitted' }
    expect(extra({ thinking, reasoning_effort: 'low', max_tokens: 9 }, { model: CURRENT })).toEqual({
      thinking,
      output_config: { effort: 'low' },
      max_tokens: 9,
    })
    expect(extra({ thinking: budget(2000), reasoning_effort: 'low' })).toEqual({
      thinking: budget(2000),
      max_tokens: 6096,
    })
  })

  describe('tool results without the thinking that led to the calls', () => {
    const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }
    const loop = (more: object) => [
      ...messages,
      { role: 'assistant', tool_calls: [call], ...more },
      { role: 'tool', tool_call_id: 'a', content: 'b' },
    ]
    const blocks = { thinking_blocks: [{ type: 'thinking', thinking: 'Hm.', signature: 's' }] }

    test('cannot go on thinking with a budget', () => {
      expect(refusal({ reasoning_effort: 'low', messages: loop({}) })).toEqual({
        status: 400,
        param: 'reasoning_effort',
      })
      expect(refusal({ thinking: budget(2000), messages: loop({}) })).toEqual({ status: 400, param: 'thinking' })
      expect(encode({ reasoning_effort: 'low', messages: loop({}) }).out).not.toHaveProperty('thinking')
    })

    test('do with the blocks, and with adaptive thinking', () => {
      expect(refusal({ reasoning_effort: 'low', messages: loop(blocks) })).toBeUndefined()
      expect(refusal({ reasoning_effort: 'low', messages: loop({}) }, CURRENT)).toBeUndefined()
    })
  })
})
