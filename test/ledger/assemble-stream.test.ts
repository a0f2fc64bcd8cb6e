import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { assembleStream } from '../../plugins/ledger/assemble-stream.ts'
import { ledgerGateway } from './support.ts'

const stream = (...events: object[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')

describe('a stream that is passed through, as the answer it adds up to', () => {
  it('of Responses is the response that its last event has', () => {
    const response = { id: 'r', output: [{ content: [{ text: 'Hello' }] }] }
    const delta = { type: 'response.output_text.delta', delta: 'Hello' }
    const text = stream({ type: 'response.created', response: { id: 'r' } }, delta, {
      type: 'response.completed',
      response,
    })
    expect(assembleStream(text, 'openai.*')).toEqual(response)
  })

  it('of Responses that broke off has each text in one piece', () => {
    const delta = (more: object) => ({ type: 'response.output_text.delta', item_id: 'i', ...more })
    const text = stream(
      { type: 'response.created', response: { id: 'r' } },
      delta({ sequence_number: 1, delta: '4111 ' }),
      delta({ sequence_number: 2, delta: 'other', item_id: 'j' }),
      delta({ sequence_number: 3, delta: '1111' }),
    )
    expect(assembleStream(text, 'openai.*')).toEqual([
      { type: 'response.created', response: { id: 'r' } },
      delta({ sequence_number: 1, delta: '4111 1111' }),
      delta({ sequence_number: 2, delta: 'other', item_id: 'j' }),
    ])
  })

  it('of Messages is the message', () => {
    const block = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block })
    const delta = (index: number, type: string, more: object) => ({
      type: 'content_block_delta',
      index,
      delta: { type, ...more },
    })
    const text = stream(
      { type: 'message_start', message: { id: 'm', role: 'assistant', content: [], usage: { input_tokens: 5 } } },
      block(0, { type: 'thinking', thinking: '' }),
      delta(0, 'thinking_delta', { thinking: 'Hm' }),
      delta(0, 'thinking_delta', { thinking: '.' }),
      delta(0, 'signature_delta', { signature: 's' }),
      { type: 'ping' },
      block(1, { type: 'text', text: '' }),
      delta(1, 'text_delta', { text: 'Hel' }),
      delta(1, 'text_delta', { text: 'lo' }),
      delta(1, 'citations_delta', { citation: { cited_text: 'c' } }),
      block(2, { type: 'tool_use', id: 't', name: 'f', input: {} }),
      delta(2, 'input_json_delta', { partial_json: '{"a":' }),
      delta(2, 'input_json_delta', { partial_json: '1}' }),
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 7 } },
      { type: 'message_stop' },
    )
    expect(assembleStream(text, 'openai.*')).toEqual({
      id: 'm',
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 's' },
        { type: 'text', text: 'Hello', citations: [{ cited_text: 'c' }] },
        { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 5, output_tokens: 7 },
    })
  })
})

it('is not led astray by places that no answer has', () => {
  const tool = (index: number, name: string) => ({
    choices: [{ index: 0, delta: { tool_calls: [{ index, function: { name } }] } }],
  })
  expect(assembleStream(stream(tool(4_000_000_000, 'b'), tool(1, 'a')), 'openai.chat')).toMatchObject({
    choices: [{ message: { tool_calls: [{ function: { name: 'a' } }, { function: { name: 'b' } }] } }],
  })
  const text = stream(
    { type: 'message_start', message: { id: 'm' } },
    { type: 'content_block_start', index: 4_000_000_000, content_block: { type: 'text', text: 'far' } },
    { type: 'content_block_delta', index: 7, delta: { type: 'text_delta', text: 'no block' } },
  )
  expect(assembleStream(text, 'openai.*')).toEqual({ id: 'm', content: [{ type: 'text', text: 'far' }] })
})

it('finds what is to be redacted also where it came in pieces', async () => {
  const upstream = createServer((_request, response) => {
    response.setHeader('content-type', 'text/event-stream')
    const delta = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })
    response.end(
      stream(
        { type: 'message_start', message: { id: 'm', content: [] } },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        ...['Call ', '555', '-12', '34'].map(delta),
        { type: 'message_stop' },
      ),
    )
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void upstream.close())
  const baseURL = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`
  const { gateway, json } = await ledgerGateway(
    { prompts: true, redact: [String.raw`\d{3}-\d{4}`] },
    { models: [{ name: 'm', model: 'openai/m', apiKey: 'sk-test-0000', baseURL }] },
  )
  const answer = await gateway.fetch('http://gateway/v1/messages', {
    method: 'POST',
    headers: { authorization: 'Bearer alice', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  await answer.text()
  const rows = (await json('alice', '/spend/logs')) as { response: unknown }[]
  expect(rows[0]!.response).toEqual({ id: 'm', content: [{ type: 'text', text: 'Call [redacted]' }] })
})
