import { describe, expect, test } from 'vitest'
import { encode, encoded, extra, fn, refusal } from './encoding.ts'
import { CURRENT, NEWEST } from './fakes.ts'

describe('tools', () => {
  test('functions, with and without parameters, extras kept', () => {
    const { out } = encode({
      tools: [
        { ...fn('a', { description: 'Does a' }), cache_control: { type: 'ephemeral' } },
        { type: 'function', function: { name: 'b' } },
        { type: 'function', function: { name: 'c', parameters: { properties: { x: { type: 'string' } } } } },
        { ...fn('d', { strict: false }), defer_loading: true },
      ],
    })
    expect(out['tools']).toEqual([
      { ...encoded('a'), description: 'Does a', cache_control: { type: 'ephemeral' } },
      encoded('b'),
      { name: 'c', input_schema: { type: 'object', properties: { x: { type: 'string' } } } },
      { ...encoded('d'), defer_loading: true },
    ])
  })

  test("Anthropic's own tools pass as they are", () => {
    const tools = [
      { type: 'web_search_20250305', name: 'web_search', max_uses: 2 },
      { type: 'computer_20250124', name: 'computer', display_width_px: 1024, display_height_px: 768 },
      { name: 'plain', input_schema: { type: 'object' } },
    ]
    expect(extra({ tools })).toEqual({ max_tokens: 4096, tools })
  })

  test('strict tools: closed and sent, or not to be had', () => {
    const parameters = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] }
    const tools = [{ type: 'function', function: { name: 'a', strict: true, parameters } }]
    expect(extra({ tools }, { model: CURRENT })['tools']).toEqual([
      {
        name: 'a',
        strict: true,
        input_schema: {
          type: 'object',
          properties: { n: { type: 'integer', description: '(minimum: 1)' } },
          required: ['n'],
          additionalProperties: false,
        },
      },
    ])
    expect(extra({ tools }, { model: 'kimi-k3' })['tools']).toEqual([
      { name: 'a', strict: true, input_schema: parameters },
    ])
    expect(encode({ tools })).toMatchObject({
      out: { tools: [{ name: 'a', input_schema: parameters }] },
      dropped: ['tools[0].function.strict'],
    })
  })

  test('free-form tools are not carried', () => {
    const custom = { type: 'custom', custom: { name: 'sql', format: { type: 'text' } } }
    const { out, dropped } = encode({ tools: [custom, fn('a')] })
    expect(out['tools']).toEqual([encoded('a')])
    expect(dropped).toEqual(['tools[0]'])
  })

  test.each([
    [{ tools: 'a' }, 'tools'],
    [{ tools: ['a'] }, 'tools[0]'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tools: [fn('a')], tool_choice: 'sometimes' }, 'tool_choice'],
  ])('%j: 400 with the place', (body, param) => {
    expect(refusal(body)).toEqual({ status: 400, param })
  })

  test.each([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'any' }],
    [
      { type: 'function', function: { name: 'a' } },
      { type: 'tool', name: 'a' },
    ],
    [
      { type: 'tool', name: 'a', disable_parallel_tool_use: true },
      { type: 'tool', name: 'a', disable_parallel_tool_use: true },
    ],
  ])('choice %j', (tool_choice, expected) => {
    expect(encode({ tools: [fn('a')], tool_choice }).out['tool_choice']).toEqual(expected)
  })

  test('choice auto without tools says nothing', () => {
    expect(extra({ tool_choice: 'auto' })).toEqual({ max_tokens: 4096 })
  })

  test('allowed_tools leaves these tools', () => {
    const allowed_tools = { mode: 'required', tools: [{ type: 'function', function: { name: 'b' } }] }
    expect(extra({ tools: [fn('a'), fn('b')], tool_choice: { type: 'allowed_tools', allowed_tools } })).toEqual({
      max_tokens: 4096,
      tools: [encoded('b')],
      tool_choice: { type: 'any' },
    })
  })

  test('what has to be text and is not is refused, or no text', () => {
    const odd = { toString: [] }
    const only = (name: unknown) => ({ type: 'allowed_tools', allowed_tools: { tools: [{ function: { name } }] } })
    for (const name of [odd, undefined, 1]) {
      expect(refusal({ tools: [fn('a')], tool_choice: only(name) })).toEqual({
        status: 400,
        param: 'tool_choice.allowed_tools.tools[0]',
      })
    }
    for (const size of [odd, 'constructor', null]) {
      const { tools } = encode({ web_search_options: { search_context_size: size } }).out as { tools: object[] }
      expect(tools[0]).not.toHaveProperty('max_uses')
    }
  })

  test('forced tools exclude budgeted thinking, and the newest models take none', () => {
    const tools = [fn('a')]
    const forced = { tools, tool_choice: 'required' }
    expect(refusal({ ...forced, reasoning_effort: 'low' })).toEqual({ status: 400, param: 'tool_choice' })
    expect(refusal(forced, NEWEST)).toEqual({ status: 400, param: 'tool_choice' })
    expect(refusal({ ...forced, reasoning_effort: 'low' }, CURRENT)).toBeUndefined()
    expect(encode(forced, { model: NEWEST }).out).not.toHaveProperty('tool_choice')
  })

  test.each([
    [undefined, { type: 'auto', disable_parallel_tool_use: true }],
    ['required', { type: 'any', disable_parallel_tool_use: true }],
    ['none', { type: 'none' }],
  ])('one call at a time with choice %j', (tool_choice, expected) => {
    expect(encode({ tools: [fn('a')], tool_choice, parallel_tool_calls: false }).out['tool_choice']).toEqual(expected)
  })

  test.each([
    [undefined, { type: 'auto', disable_parallel_tool_use: true }],
    ['none', { type: 'none' }],
    [{ name: 'a' }, { type: 'tool', name: 'a', disable_parallel_tool_use: true }],
  ])('deprecated functions with function_call %j', (function_call, expected) => {
    const functions = [{ name: 'a', description: 'Does a', parameters: { type: 'object', properties: {} } }]
    expect(extra({ functions, function_call })).toEqual({
      max_tokens: 4096,
      tools: [{ ...encoded('a'), description: 'Does a' }],
      tool_choice: expected,
    })
  })

  test('web search', () => {
    const place = { country: 'GB', city: 'London', region: null }
    const user_location = { type: 'approximate', approximate: place }
    expect(extra({ web_search_options: {} })).toEqual({
      max_tokens: 4096,
      tools: [{ type: 'web_search_20250305', name: 'web_search' }],
    })
    expect(
      extra({ web_search_options: { search_context_size: 'low', user_location }, tools: [fn('a')] })['tools'],
    ).toEqual([
      encoded('a'),
      {
        type: 'web_search_20250305',
        name: 'web_search',
        max_uses: 1,
        user_location: { type: 'approximate', city: 'London', country: 'GB' },
      },
    ])
  })

  test('a search keeps to the sites that are named', () => {
    const filters = { allowed_domains: ['example.org'], blocked_domains: null }
    expect(extra({ web_search_options: { filters } })['tools']).toEqual([
      { type: 'web_search_20250305', name: 'web_search', allowed_domains: ['example.org'] },
    ])
  })

  test.each([
    [{ recency: 'day' }, 'web_search_options.recency'],
    [{ filters: { languages: ['de'] } }, 'web_search_options.filters.languages'],
  ])('%j of a search is refused by name', (web_search_options, param) => {
    expect(refusal({ web_search_options })).toEqual({ status: 400, param })
    expect(encode({ web_search_options }).dropped).toEqual([param])
  })
})
