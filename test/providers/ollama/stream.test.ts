import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createNdjsonParser } from '../../../src/sse.ts'
import { encode, makeCall, makeProvider, makeSink, makeTarget } from './support.ts'
import type { Setup, Written } from './support.ts'

const line = (value: unknown) => `${JSON.stringify(value)}\n`
const said = (message: Record<string, unknown>) => ({
  model: 'llama3.2',
  message: { role: 'assistant', ...message },
  done: false,
})
const done = (more: Record<string, unknown> = {}) => ({
  message: { role: 'assistant', content: '' },
  done: true,
  done_reason: 'stop',
  prompt_eval_count: 9,
  eval_count: 3,
  ...more,
})

/** What a sink is told for a body that arrives in the given pieces. */
function read(pieces: readonly Uint8Array[], wire: Setup['wire'] = 'openai.chat'): Written[] {
  const { sink, written } = makeSink()
  const decoder = makeProvider().endpoints[wire]!.decodeStream!(sink, makeCall({}, wire), makeTarget())
  const parser = createNdjsonParser((event) => decoder.event(event))
  for (const piece of pieces) parser.push(piece)
  parser.end()
  decoder.end?.()
  return written
}

const bytes = (...values: unknown[]) => new TextEncoder().encode(values.map(line).join(''))
const usage = { usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 } }

describe('a chat stream', () => {
  it('is text, reasoning, usage and one finish, in order', () => {
    const body = bytes(
      said({ content: '', thinking: 'Hm' }),
      said({ content: '', thinking: '.' }),
      said({ content: 'Grüß' }),
      said({ content: ' dich 👋' }),
      done(),
    )
    expect(read([body])).toEqual([
      { reasoning: 'Hm' },
      { reasoning: '.' },
      { text: 'Grüß' },
      { text: ' dich 👋' },
      usage,
      { finish: 'stop' },
    ])
  })

  it('is the same wherever it is split', () => {
    const body = bytes(
      said({ content: 'Grüß 👋', thinking: 'ö' }),
      said({ content: '\r\n' }),
      done({ done_reason: 'length' }),
    )
    const whole = read([body])
    for (let at = 1; at < body.length; at++) expect(read([body.subarray(0, at), body.subarray(at)])).toEqual(whole)
    expect(read([...body].map((byte) => Uint8Array.of(byte)))).toEqual(whole)
    expect(whole.at(-1)).toEqual({ finish: 'length' })
  })

  it('numbers tool calls over all lines and finishes with tool_calls', () => {
    const call = (name: string, id?: string) => ({ ...(id ? { id } : {}), function: { name, arguments: { a: [1] } } })
    const written = read([
      bytes(
        said({ content: '', tool_calls: [call('one', 'call_1'), call('two', 'call_2')] }),
        said({ content: '', tool_calls: [call('three')] }),
        done(),
      ),
    ])
    const made = (index: number, id: unknown, name: string) => ({
      index,
      id,
      type: 'function',
      function: { name, arguments: '{"a":[1]}' },
    })
    expect(written).toEqual([
      { delta: { tool_calls: [made(0, 'call_1', 'one'), made(1, 'call_2', 'two')] } },
      { delta: { tool_calls: [made(2, expect.stringMatching(/^call_[0-9a-f]{24}$/), 'three')] } },
      usage,
      { finish: 'tool_calls' },
    ])
  })

  it('takes the last line’s text along', () => {
    expect(read([bytes(done({ message: { content: 'all' } }))])).toEqual([{ text: 'all' }, usage, { finish: 'stop' }])
  })

  it('fails with an error line, and hears nothing after it', () => {
    const written = read([
      bytes(said({ content: 'a' }), { error: 'an error was encountered' }, said({ content: 'b' }), done()),
    ])
    expect(written).toEqual([{ text: 'a' }, { fail: { status: 500, message: 'an error was encountered' } }])
  })

  it('fails where it ends early or is no JSON', () => {
    const cut = { fail: { status: 502, message: 'the stream ended before it was done' } }
    expect(read([bytes(said({ content: 'a' }))])).toEqual([{ text: 'a' }, cut])
    expect(read([])).toEqual([cut])
    expect(read([new TextEncoder().encode('<html>\n')])).toEqual([
      { fail: { status: 502, message: 'the stream holds a line that is not a JSON object' } },
    ])
  })

  it('ends with done: what follows is not read', () => {
    expect(read([bytes(done(), said({ content: 'late' }), done())])).toEqual([usage, { finish: 'stop' }])
  })
})

describe('a generate stream', () => {
  it('is text alone', () => {
    const body = bytes(
      { response: 'a', done: false },
      { response: '', thinking: 'x' },
      { response: 'b', done: false },
      done(),
    )
    expect(read([body], 'openai.completions')).toEqual([{ text: 'a' }, { text: 'b' }, usage, { finish: 'stop' }])
  })
})

describe('against a server', () => {
  const closers: (() => void)[] = []
  afterEach(() => closers.splice(0).forEach((close) => close()))

  it('sends what the server needs and reads what it streams', async () => {
    let seen: unknown
    const server = createServer((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      request.on('end', () => {
        seen = { url: request.url, type: request.headers['content-type'], body: JSON.parse(text) }
        response.setHeader('content-type', 'application/x-ndjson')
        response.write(line(said({ content: 'Hel' })))
        response.end(line(said({ content: 'lo' })) + line(done()))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const { request } = await encode(
      { messages: [{ role: 'user', content: 'hi' }], stream: true },
      { options: { baseURL: `127.0.0.1:${port}` } },
    )
    const response = await fetch(request.url, {
      method: request.method ?? 'POST',
      headers: request.headers,
      body: request.body as string,
    })
    const body = new Uint8Array(await response.arrayBuffer())
    expect(seen).toEqual({
      url: '/api/chat',
      type: 'application/json',
      body: { model: 'llama3.2', messages: [{ role: 'user', content: 'hi' }], stream: true },
    })
    expect(read([body])).toEqual([{ text: 'Hel' }, { text: 'lo' }, usage, { finish: 'stop' }])
  })
})
