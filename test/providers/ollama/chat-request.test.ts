import { describe, expect, it } from 'vitest'
import { encode, refusal } from './support.ts'

const hi = [{ role: 'user', content: 'hi' }]
const PNG = 'iVBORw0KGgo='

describe('a chat request', () => {
  it('goes to /api/chat with the upstream model, a full set of fields translated', async () => {
    const { request, body } = await encode({
      model: 'llama',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is' },
            { type: 'text', text: 'this?' },
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}`, detail: 'auto' } },
          ],
        },
      ],
      temperature: 0.5,
      top_p: 0.9,
      top_k: 20,
      seed: 7,
      stop: 'END',
      max_tokens: 5,
      max_completion_tokens: 9,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      num_ctx: 4096,
      use_mmap: false,
      keep_alive: '10m',
      response_format: { type: 'json_object' },
      reasoning_effort: 'low',
      user: 'someone',
      metadata: { a: 'b' },
      n: 1,
      logit_bias: {},
      parallel_tool_calls: true,
      service_tier: null,
    })
    expect(request).toMatchObject({
      url: 'http://127.0.0.1:11434/api/chat',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      framing: 'ndjson',
    })
    expect(body).toEqual({
      model: 'llama3.2',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What is\nthis?', images: [PNG] },
      ],
      format: 'json',
      think: 'low',
      keep_alive: '10m',
      options: {
        temperature: 0.5,
        top_p: 0.9,
        top_k: 20,
        seed: 7,
        stop: ['END'],
        num_predict: 9,
        frequency_penalty: 0.1,
        presence_penalty: 0.2,
        num_ctx: 4096,
        use_mmap: false,
      },
      stream: false,
    })
  })

  it('is no more than model, messages and stream when nothing else is asked for', async () => {
    const { body } = await encode({ messages: hi, stream: true, stream_options: { include_usage: true } })
    expect(body).toEqual({ model: 'llama3.2', messages: hi, stream: true })
  })

  it('takes defaults from the deployment, and the request wins', async () => {
    const options = { keepAlive: -1, options: { num_ctx: 8192, temperature: 0 } }
    expect((await encode({ messages: hi }, { options })).body).toMatchObject({
      keep_alive: -1,
      options: { num_ctx: 8192, temperature: 0 },
    })
    const asked = { messages: hi, temperature: 1, options: { num_ctx: 1024, mirostat: 2 }, keep_alive: 0 }
    expect((await encode(asked, { options })).body).toMatchObject({
      keep_alive: 0,
      options: { num_ctx: 1024, temperature: 1, mirostat: 2 },
    })
  })

  it('carries a tool round trip: objects as arguments, the tool named beside its result', async () => {
    const { body } = await encode({
      messages: [
        ...hi,
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'I should look.',
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
            { id: 'call_2', type: 'function', function: { name: 'time', arguments: '' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_2', content: '12:00' },
        { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'rain' }] },
        { role: 'tool', tool_call_id: 'call_9', content: 'lost' },
      ],
      tools: [
        {
          type: 'function',
          function: {
            name: 'weather',
            description: 'Now',
            strict: false,
            parameters: { type: 'object', properties: {} },
          },
        },
        { type: 'function', function: { name: 'time' } },
      ],
      tool_choice: 'auto',
    })
    expect(body['messages']).toEqual([
      ...hi,
      {
        role: 'assistant',
        content: '',
        thinking: 'I should look.',
        tool_calls: [
          { id: 'call_1', function: { name: 'weather', arguments: { city: 'Oslo' } } },
          { id: 'call_2', function: { name: 'time', arguments: {} } },
        ],
      },
      { role: 'tool', content: 'rain', tool_name: 'weather', tool_call_id: 'call_1' },
      { role: 'tool', content: '12:00', tool_name: 'time', tool_call_id: 'call_2' },
      { role: 'tool', content: 'lost', tool_call_id: 'call_9' },
    ])
    expect(body['tools']).toEqual([
      {
        type: 'function',
        function: { name: 'weather', description: 'Now', parameters: { type: 'object', properties: {} } },
      },
      { type: 'function', function: { name: 'time', parameters: { type: 'object', properties: {} } } },
    ])
  })

  it('gives back the images that a model made', async () => {
    const images = [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }]
    const { body } = await encode({ messages: [...hi, { role: 'assistant', content: 'Here.', images }, ...hi] })
    expect(body['messages']).toEqual([...hi, { role: 'assistant', content: 'Here.', images: [PNG] }, ...hi])
    const elsewhere = [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }]
    expect(await refusal({ messages: [...hi, { role: 'assistant', content: '', images: elsewhere }] })).toBe(
      '400 unsupported_parameter messages[1].images[0].image_url',
    )
  })

  it('sends no tools for tool_choice none', async () => {
    const tools = [{ type: 'function', function: { name: 'time' } }]
    const { body } = await encode({ messages: hi, tools, tool_choice: 'none' })
    expect(body).toEqual({ model: 'llama3.2', messages: hi, stream: false })
  })

  it('sends a JSON schema as format', async () => {
    const schema = { type: 'object', properties: { a: { type: 'integer' } } }
    const { body } = await encode({
      messages: hi,
      response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } },
    })
    expect(body['format']).toEqual(schema)
    expect((await encode({ messages: hi, response_format: { type: 'text' } })).body).not.toHaveProperty('format')
    expect((await encode({ messages: hi, format: 'json' })).body['format']).toBe('json')
  })

  it.each([
    [{ reasoning_effort: 'none' }, false],
    [{ reasoning_effort: 'minimal' }, 'low'],
    [{ reasoning_effort: 'medium' }, 'medium'],
    [{ reasoning_effort: 'high' }, 'high'],
    [{ reasoning_effort: 'xhigh' }, 'max'],
    [{ thinking: { type: 'disabled' } }, false],
    [{ thinking: { type: 'adaptive' } }, true],
    [{ thinking: { type: 'enabled' } }, true],
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, 'low'],
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, 'medium'],
    [{ thinking: { type: 'enabled', budget_tokens: 9000 } }, 'high'],
    [{ thinking: true }, true],
    [{ think: true, reasoning_effort: 'low' }, true],
    [{ think: 'high' }, 'high'],
  ])('thinks as asked: %j', async (asked, think) => {
    expect((await encode({ messages: hi, ...asked })).body['think']).toBe(think)
  })

  it('asks for log probabilities of whole answers', async () => {
    const { body } = await encode({ messages: hi, logprobs: true, top_logprobs: 3 })
    expect(body).toMatchObject({ logprobs: true, top_logprobs: 3 })
    expect(await refusal({ messages: hi, logprobs: true, stream: true })).toBe('400 unsupported_parameter logprobs')
    expect(await refusal({ messages: hi, logprobs: false, stream: true })).toBe('accepted')
  })
})

describe('what Ollama cannot carry', () => {
  const tool = { type: 'function', function: { name: 'time' } }
  const user = (part: unknown) => ({ messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, part] }] })
  it.each([
    [{ messages: hi, n: 2 }, 'n'],
    [{ messages: hi, logit_bias: { 1: 2 } }, 'logit_bias'],
    [{ messages: hi, parallel_tool_calls: false }, 'parallel_tool_calls'],
    [{ messages: hi, verbosity: 'low' }, 'verbosity'],
    [{ messages: hi, store: true }, 'store'],
    [{ messages: hi, modalities: ['text', 'audio'] }, 'modalities'],
    [{ messages: hi, web_search_options: {} }, 'web_search_options'],
    [{ messages: hi, constructor: 1 }, 'constructor'],
    [{ messages: hi, functions: [] }, 'functions'],
    [{ messages: hi, reasoning_effort: 'extreme' }, 'reasoning_effort'],
    [{ messages: hi, thinking: 'yes' }, 'thinking'],
    [{ messages: hi, think: 3 }, 'think'],
    [{ messages: hi, tools: [tool], tool_choice: 'required' }, 'tool_choice'],
    [{ messages: hi, tools: [tool], tool_choice: tool }, 'tool_choice'],
    [{ messages: hi, tools: [tool, { type: 'web_search' }] }, 'tools[1]'],
    [
      { messages: hi, tools: [{ type: 'function', function: { name: 'a', strict: true } }] },
      'tools[0].function.strict',
    ],
    [{ messages: hi, response_format: { type: 'grammar' } }, 'response_format'],
    [user({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }), 'messages[0].content[1].image_url'],
    [
      user({ type: 'image_url', image_url: { url: 'data:application/pdf;base64,AA' } }),
      'messages[0].content[1].image_url',
    ],
    [
      user({ type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } }),
      'messages[0].content[1].image_url.detail',
    ],
    [user({ type: 'input_audio', input_audio: {} }), 'messages[0].content[1].input_audio'],
    [user({ type: 'file', file: {} }), 'messages[0].content[1].file'],
    [user({ type: 'video_url', video_url: {} }), 'messages[0].content[1]'],
    [{ messages: [{ role: 'user', name: 'ann', content: 'a' }] }, 'messages[0].name'],
    [{ messages: [...hi, { role: 'tool', content: 'b', is_error: true }] }, 'messages[1].is_error'],
    [{ messages: [...hi, { role: 'assistant', content: 'b', audio: { id: 'x' } }] }, 'messages[1].audio'],
    [{ messages: [...hi, { role: 'assistant', content: 'b', function_call: {} }] }, 'messages[1].function_call'],
  ])('%j is refused by name, and goes on without it when dropping is asked for', async (body, param) => {
    expect(await refusal(body)).toBe(`400 unsupported_parameter ${param}`)
    const { dropped, body: sent } = await encode(body, { drop: true })
    expect(dropped).toEqual([param])
    expect(sent).toHaveProperty('messages')
    expect(JSON.stringify(sent)).not.toMatch(/logit_bias|example\.com|video|web_search|verbosity|"name":"ann"/)
  })
})

describe('what is wrong', () => {
  it.each([
    [{}, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: ['a'] }, 'messages[0]'],
    [{ messages: [{ role: 'narrator', content: 'a' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [1] }] }, 'messages[0].content[0]'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [{ messages: [{ role: 'user', content: [{}] }] }, 'messages[0].content[0].type'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, 'messages[0].content[0].image_url.url'],
    [{ messages: [{ role: 'assistant', tool_calls: {} }] }, 'messages[0].tool_calls'],
    [{ messages: [{ role: 'assistant', tool_calls: [{}] }] }, 'messages[0].tool_calls[0].function.name'],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'a', arguments: '[1]' } }] }] },
      'messages[0].tool_calls[0].function.arguments',
    ],
    [
      { messages: [{ role: 'assistant', tool_calls: [{ function: { name: 'a', arguments: '{' } }] }] },
      'messages[0].tool_calls[0].function.arguments',
    ],
    [{ messages: hi, temperature: 'hot' }, 'temperature'],
    [{ messages: hi, use_mmap: 1 }, 'use_mmap'],
    [{ messages: hi, stop: 3 }, 'stop'],
    [{ messages: hi, stop: ['a', 3] }, 'stop[1]'],
    [{ messages: hi, options: [] }, 'options'],
    [{ messages: hi, tools: {} }, 'tools'],
    [{ messages: hi, tools: [1] }, 'tools[0]'],
    [{ messages: hi, tools: [{ type: 'function' }] }, 'tools[0].function'],
    [{ messages: hi, tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ messages: hi, response_format: { type: 'json_schema' } }, 'response_format.json_schema.schema'],
  ])('%j is a 400 that names it', async (body, param) => {
    expect(await refusal(body)).toBe(`400 null ${param}`)
  })
})
