import { describe, expect, it } from 'vitest'
import { encode, encodeFields, encodeMessages, FLASH_2, FLASH_25, FLASH_3, makeCall, refusal } from './fakes.ts'

describe('a request', () => {
  it('is sent with everything that Gemini takes', async () => {
    const { body } = await encode({
      model: 'public',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      max_completion_tokens: 100,
      max_tokens: 5,
      n: 2,
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: -0.2,
      stop: ['a', 'b'],
      logprobs: true,
      top_logprobs: 3,
      response_format: { type: 'json_object' },
      reasoning_effort: 'low',
      modalities: ['text', 'image'],
      safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      cached_content: 'cachedContents/abc',
      service_tier: 'flex',
      image_config: { aspectRatio: '16:9' },
      user: 'ada',
      safety_identifier: 'ada',
      stream: false,
    })
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      cachedContent: 'cachedContents/abc',
      serviceTier: 'flex',
      generationConfig: {
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        maxOutputTokens: 100,
        candidateCount: 2,
        seed: 7,
        presencePenalty: 0.1,
        frequencyPenalty: -0.2,
        stopSequences: ['a', 'b'],
        responseLogprobs: true,
        logprobs: 3,
        responseMimeType: 'application/json',
        responseModalities: ['TEXT', 'IMAGE'],
        thinkingConfig: { thinkingBudget: 1024, includeThoughts: true },
        imageConfig: { aspectRatio: '16:9' },
      },
    })
  })

  it('says nothing of what is a default or null', async () => {
    const fields = {
      temperature: null,
      n: 1,
      stop: null,
      presence_penalty: 0,
      frequency_penalty: 0,
      logit_bias: {},
      logprobs: false,
      top_logprobs: 0,
      modalities: ['text'],
      response_format: { type: 'text' },
      reasoning_effort: 'default',
      parallel_tool_calls: true,
      tool_choice: 'auto',
      service_tier: 'auto',
      store: false,
      metadata: {},
      verbosity: 'medium',
      stream_options: { include_usage: true },
      prediction: null,
    }
    expect(await encodeFields(fields)).toEqual({})
  })

  it.each([
    ['logit_bias', { logit_bias: { 5: 1 } }],
    ['prediction', { prediction: { type: 'content', content: 'x' } }],
    ['store', { store: true }],
    ['metadata', { metadata: { a: 'b' } }],
    ['verbosity', { verbosity: 'low' }],
    ['service_tier', { service_tier: 'scale' }],
    ['parallel_tool_calls', { parallel_tool_calls: false }],
    ['prompt_cache_key', { prompt_cache_key: 'x' }],
    ['audio', { audio: { voice: 'Kore', format: 'pcm16' } }],
    ['audio.format', { modalities: ['audio'], audio: { voice: 'Kore', format: 'mp3' } }],
    ['stop', { stop: ['1', '2', '3', '4', '5', '6'] }],
    ['response_format', { response_format: { type: 'grammar' } }],
    ['reasoning_effort', { reasoning_effort: 'enormous' }],
    ['web_search_options.user_location', { web_search_options: { user_location: { type: 'approximate' } } }],
    ['logprobs', { logprobs: true, stream: true }],
    ['echo', { echo: true }],
    ['constructor', { constructor: 1 }],
  ])('that asks for %s is refused, or sent without it', async (param, fields) => {
    expect(await refusal(fields)).toBe(`400 unsupported_parameter ${param}`)
    expect((await encode({ messages: [{ role: 'user', content: 'Hi' }], ...fields }, { drop: true })).dropped).toEqual([
      param,
    ])
  })

  it.each([
    ['stop', { stop: 5 }],
    ['response_format.json_schema.schema', { response_format: { type: 'json_schema', json_schema: { name: 'x' } } }],
    ['thinking', { thinking: true }],
    ['thinking.type', { thinking: { type: 'much' } }],
    ['thinking.budget_tokens', { thinking: { type: 'enabled', budget_tokens: 1.5 } }],
  ])('with a wrong %s is refused', async (param, fields) => {
    expect(await refusal(fields)).toBe(`400 null ${param}`)
  })

  it('sends five stop sequences where the others may be dropped', async () => {
    const fields = { stop: ['1', '2', '3', '4', '5', '6'] }
    expect(await encodeFields(fields, { drop: true })).toEqual({
      generationConfig: { stopSequences: ['1', '2', '3', '4', '5'] },
    })
    expect(await encodeFields({ stop: 'x' })).toEqual({ generationConfig: { stopSequences: ['x'] } })
  })

  it('takes what Gemini calls its own, in either spelling', async () => {
    const config = {
      topP: 0.5,
      generation_config: { media_resolution: 'MEDIA_RESOLUTION_LOW' },
      toolConfig: { retrieval_config: {} },
    }
    expect(await encodeFields({ ...config, thinkingConfig: { thinkingBudget: 0 }, reasoning_effort: 'high' })).toEqual({
      toolConfig: { retrievalConfig: {} },
      generationConfig: { topP: 0.5, mediaResolution: 'MEDIA_RESOLUTION_LOW', thinkingConfig: { thinkingBudget: 0 } },
    })
  })

  it('asks for speech with a voice', async () => {
    const fields = { modalities: ['text', 'audio'], audio: { voice: 'Kore', format: 'pcm16' } }
    expect(await encodeFields(fields)).toEqual({
      generationConfig: {
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
      },
    })
  })

  it.each([
    [['low'], 'MEDIA_RESOLUTION_LOW'],
    [['low', 'high'], 'MEDIA_RESOLUTION_HIGH'],
    [['low', 'auto'], undefined],
    [['low', undefined], undefined],
    [[undefined], undefined],
  ])('looks at images of detail %j with %s', async (details, mediaResolution) => {
    const content = details.map((detail) => ({
      type: 'image_url',
      image_url: { url: 'data:image/png;base64,AAAA', ...(detail ? { detail } : {}) },
    }))
    const { body } = await encode({ messages: [{ role: 'user', content }] })
    expect(body['generationConfig']).toEqual(mediaResolution && { mediaResolution })
  })
})

describe('thinking', () => {
  const budget = (thinkingBudget: number) => ({ thinkingBudget, includeThoughts: true })
  const level = (thinkingLevel: string) => ({ thinkingLevel, includeThoughts: true })
  it.each([
    [FLASH_25, 'none', { thinkingBudget: 0 }],
    [FLASH_25, 'minimal', budget(512)],
    [FLASH_25, 'low', budget(1024)],
    [FLASH_25, 'medium', budget(2048)],
    [FLASH_25, 'high', budget(4096)],
    [FLASH_25, 'xhigh', budget(8192)],
    ['gemini-2.5-pro', 'none', { thinkingBudget: 128 }],
    ['models/gemini-2.5-pro', 'high', budget(4096)],
    ['gemini-2.5-flash-lite', 'none', { thinkingBudget: 0 }],
    ['gemini-flash-latest', 'low', budget(1024)],
    [FLASH_3, 'none', { thinkingLevel: 'MINIMAL' }],
    [FLASH_3, 'minimal', level('MINIMAL')],
    [FLASH_3, 'low', level('LOW')],
    [FLASH_3, 'medium', level('MEDIUM')],
    [FLASH_3, 'high', level('HIGH')],
    [FLASH_3, 'max', level('HIGH')],
    ['gemini-3-pro-preview', 'none', { thinkingLevel: 'LOW' }],
    ['gemini-3-pro-preview', 'minimal', level('LOW')],
    ['gemini-3-pro-preview', 'medium', level('HIGH')],
    ['gemini-3.1-pro-preview', 'medium', level('MEDIUM')],
    ['gemini-3.1-flash-lite-image', 'low', level('HIGH')],
    ['gemini-3-pro-image', 'none', { thinkingLevel: 'HIGH' }],
    ['gemini-3.8-flash', 'minimal', level('LOW')],
    ['gemini-3.5-flash-lite', 'minimal', level('MINIMAL')],
    [FLASH_2, 'none', undefined],
  ])('%s with effort %s', async (model, reasoning_effort, thinkingConfig) => {
    const { generationConfig } = await encodeFields({ reasoning_effort }, { model })
    expect(generationConfig).toEqual(thinkingConfig && { thinkingConfig })
  })

  it.each([
    [FLASH_25, { type: 'enabled', budget_tokens: 3000 }, budget(3000)],
    [FLASH_25, { type: 'enabled', budget_tokens: 100_000 }, budget(24_576)],
    ['gemini-2.5-pro', { type: 'enabled', budget_tokens: 1 }, budget(128)],
    [FLASH_25, { type: 'enabled', budget_tokens: 0 }, { thinkingBudget: 0 }],
    [FLASH_25, { type: 'enabled' }, { includeThoughts: true }],
    [FLASH_25, { type: 'adaptive' }, { includeThoughts: true }],
    [FLASH_25, { type: 'disabled' }, { thinkingBudget: 0 }],
    [FLASH_3, { type: 'enabled', budget_tokens: 1024 }, level('LOW')],
    [FLASH_3, { type: 'enabled', budget_tokens: 31_999 }, level('HIGH')],
    [FLASH_3, { type: 'disabled' }, { thinkingLevel: 'MINIMAL' }],
  ])('%s with %j', async (model, thinking, thinkingConfig) => {
    const { generationConfig } = await encodeFields({ thinking, reasoning_effort: 'high' }, { model })
    expect(generationConfig).toEqual({ thinkingConfig })
  })

  it('cannot be asked of models that do not think', async () => {
    expect(await refusal({ reasoning_effort: 'low' }, { model: FLASH_2 })).toBe(
      '400 unsupported_parameter reasoning_effort',
    )
    const thinking = { type: 'enabled', budget_tokens: 2000 }
    expect(await refusal({ thinking }, { model: FLASH_2 })).toBe('400 unsupported_parameter thinking')
  })
})

describe('what is sent', () => {
  it('goes to the model, with the key in a header alone', async () => {
    const { request } = await encode({ messages: [{ role: 'user', content: 'Hi' }] })
    expect(request).toEqual({
      url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': 'test-key-0123456789' },
      body: '{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}',
    })
  })

  it.each([
    [{}, 'gemini-2.5-flash', 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash'],
    [{}, 'tunedModels/mine', 'https://generativelanguage.googleapis.com/v1beta/tunedModels/mine'],
    [{}, 'a?b#c d', 'https://generativelanguage.googleapis.com/v1beta/models/a%3Fb%23c%20d'],
    [{ apiVersion: 'v1' }, 'x', 'https://generativelanguage.googleapis.com/v1/models/x'],
    [{ baseURL: 'http://127.0.0.1:8080/google/' }, 'x', 'http://127.0.0.1:8080/google/v1beta/models/x'],
    [{ baseURL: 'https://example.org/v1alpha' }, 'x', 'https://example.org/v1alpha/models/x'],
    [{ baseURL: 'https://example.org/v1beta/openai/' }, 'x', 'https://example.org/v1beta/models/x'],
  ])('with %j goes for %s to %s', async (options, model, url) => {
    const messages = [{ role: 'user', content: 'Hi' }]
    expect((await encode({ messages }, { options, model })).request.url).toBe(`${url}:generateContent`)
    const call = makeCall({}, { stream: true })
    expect(
      (await encode({ messages, stream: true }, { options, model, call: { stream: call.stream } })).request.url,
    ).toBe(`${url}:streamGenerateContent?alt=sse`)
  })

  it.each(['../files', 'models/../x', 'models//x', 'a/./b'])('never leaves the models: %s', async (model) => {
    expect(await refusal({}, { model })).toBe('400 model_not_found model')
  })

  it('has the schema form that the API version knows', async () => {
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'x', schema: { type: 'object', properties: { a: { type: ['string', 'null'] } } } },
    }
    expect(await encodeFields({ response_format })).toEqual({
      generationConfig: {
        responseMimeType: 'application/json',
        responseJsonSchema: { type: 'object', properties: { a: { type: ['string', 'null'] } } },
      },
    })
    const old = {
      generationConfig: {
        responseMimeType: 'application/json',
        responseSchema: { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } } },
      },
    }
    expect(await encodeFields({ response_format }, { options: { apiVersion: 'v1' } })).toEqual(old)
    expect(await encodeFields({ response_format }, { model: 'gemini-1.5-pro' })).toEqual(old)
  })

  it('needs messages', async () => {
    await expect(encodeMessages([])).rejects.toMatchObject({ status: 400, param: 'messages' })
  })
})
