import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toUsage } from '../../src/index.ts'
import { readJsonUsage, usageIn } from '../../src/usage.ts'
import { createSseTap } from '../../src/wires/sse-tap.ts'
import { toChatUsage as fromAnthropic } from '../../providers/anthropic/usage.ts'
import { toChatUsage as fromGemini } from '../../providers/gemini/usage.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('usage in one form', () => {
  it('reads OpenAI: cached, audio and reasoning tokens are parts', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 40, audio_tokens: 10, image_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 5, image_tokens: 7 },
    }
    expect(toUsage(usage)).toEqual({
      input: 100,
      output: 50,
      cacheRead: 40,
      reasoning: 20,
      audioInput: 10,
      audioOutput: 5,
      imageInput: 5,
      imageOutput: 7,
    })
  })

  it('reads xAI: reasoning comes on top of the completion', () => {
    const usage = {
      prompt_tokens: 37,
      completion_tokens: 530,
      total_tokens: 800,
      completion_tokens_details: { reasoning_tokens: 233 },
    }
    expect(toUsage(usage)).toEqual({ input: 37, output: 763, reasoning: 233 })
  })

  it('reads Anthropic’s own form: the cache comes on top of the input', () => {
    const usage = {
      input_tokens: 10,
      output_tokens: 5,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
      server_tool_use: { web_search_requests: 2 },
    }
    const counted = { input: 140, output: 5, cacheRead: 100, cacheWrite: 30, cacheWrite1h: 20, searches: 2 }
    expect(toUsage(usage)).toEqual(counted)
    expect(toUsage(fromAnthropic(usage))).toEqual(counted)
  })

  it('reads DeepSeek, OpenRouter, Perplexity and transcriptions', () => {
    expect(toUsage({ prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 8 })).toEqual({
      input: 9,
      output: 1,
      cacheRead: 8,
    })
    expect(
      toUsage({ prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { cache_write_tokens: 4 } }),
    ).toEqual({ input: 9, output: 1, cacheWrite: 4 })
    expect(toUsage({ prompt_tokens: 9, completion_tokens: 1, num_search_queries: 3 })).toMatchObject({ searches: 3 })
    expect(toUsage({ type: 'duration', seconds: 9.4 })).toEqual({ input: 0, output: 0, seconds: 9.4 })
    expect(
      toUsage({ type: 'tokens', input_tokens: 14, output_tokens: 6, input_token_details: { audio_tokens: 14 } }),
    ).toEqual({ input: 14, output: 6, audioInput: 14 })
  })

  it('reads Gemini: drawn pictures and thoughts are output', () => {
    const metadata = {
      promptTokenCount: 10,
      candidatesTokenCount: 1300,
      thoughtsTokenCount: 20,
      totalTokenCount: 1330,
      cachedContentTokenCount: 4,
      candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1290 }],
    }
    expect(toUsage(fromGemini(metadata))).toEqual({
      input: 10,
      output: 1320,
      cacheRead: 4,
      reasoning: 20,
      imageOutput: 1290,
    })
  })

  it('never has a part larger than its whole, for any counts of Anthropic and Gemini', () => {
    const count = fc.integer({ min: 0, max: 1_000_000 })
    fc.assert(
      fc.property(count, count, count, count, count, (input, output, read, written, thinking) => {
        const anthropic = toUsage(
          fromAnthropic({
            input_tokens: input,
            output_tokens: output + thinking,
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            output_tokens_details: { thinking_tokens: thinking },
          }),
        )!
        expect(anthropic.input - anthropic.cacheRead! - anthropic.cacheWrite!).toBe(input)
        expect(anthropic.output - (anthropic.reasoning ?? 0)).toBe(output)
        const gemini = toUsage(
          fromGemini({
            promptTokenCount: input + read,
            cachedContentTokenCount: read,
            candidatesTokenCount: output,
            thoughtsTokenCount: thinking,
            totalTokenCount: input + read + output + thinking,
          }),
        )!
        expect(gemini.input - (gemini.cacheRead ?? 0)).toBe(input)
      }),
    )
  })

  it('takes the service tier that stands beside the usage, in short, long and streamed answers', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }
    const answer = { choices: [], usage, service_tier: 'flex' }
    const expected = { input: 3, output: 4, serviceTier: 'flex' }
    expect(usageIn(answer)).toEqual(expected)
    const long = { choices: [{ message: { content: 'x'.repeat(70_000) } }], usage, service_tier: 'flex' }
    expect(readJsonUsage(JSON.stringify(long))).toEqual(expected)
    const tap = createSseTap({ withhold: false })
    tap.push(bytes(`data: ${JSON.stringify(answer)}\n\n`))
    expect(tap.usage()).toEqual(expected)
  })

  it('finds the usage of a Responses stream in its last event', () => {
    const tap = createSseTap({ withhold: false })
    const event = {
      type: 'response.completed',
      response: {
        id: 'resp_1',
        usage: { input_tokens: 5, output_tokens: 2, input_tokens_details: { cached_tokens: 1 } },
      },
    }
    const text = `event: response.completed\ndata: ${JSON.stringify(event)}\n\n`
    expect(Buffer.concat(tap.push(bytes(text))).toString()).toBe(text)
    expect(tap.usage()).toEqual({ input: 5, output: 2, cacheRead: 1 })
  })

  it('writes the cost into the usage chunk, at every split of the bytes', () => {
    const head = 'data: {"id":"1","choices":[{"index":0,"delta":{"content":"é"}}],"usage":null}\n\n'
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
    const text = `${head}data: ${JSON.stringify({ id: '1', choices: [], usage })}\n\ndata: [DONE]\n\n`
    const wanted = `${head}data: ${JSON.stringify({ id: '1', choices: [], usage: { ...usage, cost: 0.5 } })}\n\ndata: [DONE]\n\n`
    const whole = bytes(text)
    for (let at = 1; at < whole.length; at++) {
      const tap = createSseTap({ withhold: false, costOf: () => 0.5 })
      const out = [...tap.push(whole.subarray(0, at)), ...tap.push(whole.subarray(at)), ...tap.end()]
      expect(Buffer.concat(out).toString()).toBe(wanted)
    }
    const silent = createSseTap({ withhold: false, costOf: () => undefined })
    expect(Buffer.concat(silent.push(whole)).toString()).toBe(text)
  })
})

it('takes no more than a call can have', () => {
  const usage = toUsage({
    prompt_tokens: 1e300,
    completion_tokens: 1e19,
    prompt_tokens_details: { cached_tokens: 1e300 },
  })
  expect(usage).toEqual({ input: 1e9, output: 1e9, cacheRead: 1e9 })
})
