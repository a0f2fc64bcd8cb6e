import type { ServerResponse } from 'node:http'
import { afterAll, describe, expect, test } from 'vitest'
import { until, within } from '../suites/gateway-under-test.ts'
import { postHead } from '../support/raw.ts'
import { startUpstream, toEvent } from '../support/upstream.ts'
import { ask, scene, WAYS } from './scene.ts'
import { openLine } from './line.ts'
import type { Line } from './line.ts'

/** How far an upstream goes before it waits for ever. */
type Phase = 'head' | 'first byte' | 'first event' | 'many events' | 'whole body'

const DELTA = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' }
const event = (content: string) =>
  toEvent({ ...DELTA, choices: [{ index: 0, delta: { content }, finish_reason: null }] })

const upstream = await startUpstream(({ body }, response) => {
  const phase = (body as { user?: Phase }).user
  if (phase === 'head') return
  if (phase === 'whole body') {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":')
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  if (phase === 'first event') response.write(event('first'))
  if (phase === 'many events') flood(response)
})
afterAll(() => upstream.close())

const at = scene({
  models: [{ name: 'm', model: 'openai/m', apiKey: 'sk-aborts-0123456789', baseURL: upstream.url }],
})

/** Events as long as somebody takes them. */
function flood(response: ServerResponse): void {
  while (!response.destroyed && response.write(event('x'.repeat(10_000))));
  if (!response.destroyed) response.once('drain', () => flood(response))
}

const LEAVE: Readonly<Record<string, (line: Line) => void>> = {
  'closes its connection': ({ socket }) => void socket.destroy(),
  'resets its connection': ({ socket }) => void socket.resetAndDestroy(),
  'ends its side': ({ socket }) => void socket.end(),
}

function send(line: Line, phase: Phase, query: string): void {
  const body = JSON.stringify({
    model: 'm',
    messages: [{ role: 'user', content: 'hi' }],
    stream: phase !== 'whole body',
    user: phase,
  })
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  line.send(postHead(`/v1/chat/completions${query}`, headers) + body)
}

const PHASES: readonly [phase: Phase, reached: (line: Line) => boolean][] = [
  ['head', () => true],
  ['first byte', () => true],
  ['first event', (line) => line.rest().includes('first')],
  ['many events', (line) => line.rest().length > 1_000_000],
  ['whole body', () => true],
]
const WHO = WAYS.flatMap((one) => Object.entries(LEAVE).map(([how, leave]) => ({ ...one, how, leave })))

describe.each(WHO)('a client that $how, $way', ({ query, leave, how }) => {
  test.each(PHASES)('before or behind: %s', async (phase, reached) => {
    const line = openLine(at.port)
    const [calls, records, outcomes] = [upstream.requests.length, at.records.length, at.outcomes.length]
    send(line, phase, query)
    await until('the upstream to be asked', () => upstream.requests.length === calls + 1)
    await until('the answer to be there', () => reached(line))
    // Time for what the upstream has said to get through.
    await new Promise((go) => setTimeout(go, 10))
    const server = await at.socketOf(line.socket)
    leave(line)
    expect(await within('the upstream to be left', upstream.requests.at(-1)!.left)).toBe(true)
    await until('the call to end', () => at.gateway.inFlight() === 0 && at.records.length > records)
    await until('the connection to be closed', () => server.destroyed)
    expect(at.records.slice(records)).toMatchObject([{ aborted: true }])
    expect(at.outcomes.length).toBe(outcomes + 1)
    line.leave()
  })

  test('who does not read any more', async () => {
    const line = openLine(at.port)
    const records = at.records.length
    send(line, 'many events', query)
    await until('the answer', () => line.rest().length > 0)
    line.socket.pause()
    const server = await at.socketOf(line.socket)
    await until('the gateway to wait for it', () => server.writableNeedDrain)
    // A FIN waits behind what is not read: that client has to be cut off to be noticed.
    if (how === 'ends its side') line.socket.destroy()
    else leave(line)
    expect(await within('the upstream to be left', upstream.requests.at(-1)!.left)).toBe(true)
    await until('the call to end', () => at.gateway.inFlight() === 0 && at.records.length > records)
    expect(at.records.slice(records)).toMatchObject([{ aborted: true }])
  })

  test('in the middle of its body', async () => {
    const request = ask({ answer: 'never' }, { query })
    for (const size of [request.indexOf('\r\n\r\n') + 4, request.length - 1]) {
      const line = openLine(at.port)
      const asked = at.asked.length
      line.send(request.slice(0, size))
      const server = await at.socketOf(line.socket)
      await until('its bytes', () => server.bytesRead === size)
      leave(line)
      await until('the connection to be closed', () => server.destroyed)
      if (how === 'ends its side') expect(await line.answer()).toMatchObject({ status: 400 })
      expect(at.asked.length).toBe(asked)
      expect(at.gateway.inFlight()).toBe(0)
      line.leave()
    }
  })

  test('while a plugin thinks', async () => {
    const line = openLine(at.port)
    const records = at.records.length
    const name = `think ${how} ${query}`
    line.send(ask({ answer: 'too late', wait: name }, { query }))
    await until('the call', () => at.asked.at(-1)?.wait === name)
    const server = await at.socketOf(line.socket)
    leave(line)
    await until('the connection to be closed', () => server.destroyed)
    await at.release(name)
    await until('the call to end', () => at.gateway.inFlight() === 0 && at.records.length > records)
    expect(at.records.slice(records)).toMatchObject([{ aborted: true }])
    expect(line.rest()).toBe('')
  })

  test('between its requests, and before the first', async () => {
    for (const requests of [0, 2]) {
      const line = openLine(at.port)
      for (let i = 0; i < requests; i++) {
        line.send(ask({ answer: 'one' }, { query }))
        await line.answer()
      }
      const server = await at.socketOf(line.socket)
      leave(line)
      await until('the connection to be closed', () => server.destroyed)
      line.leave()
    }
  })

  test('with requests behind the one that is answered', async () => {
    const line = openLine(at.port)
    const calls = upstream.requests.length
    send(line, 'first event', query)
    await until('the first event', () => line.rest().includes('first'))
    send(line, 'first event', query)
    send(line, 'first event', query)
    await new Promise((go) => setTimeout(go, 10))
    leave(line)
    await until('the call to end', () => at.gateway.inFlight() === 0)
    for (const { left } of upstream.requests.slice(calls)) expect(await within('it to be left', left)).toBe(true)
    line.leave()
  })
})
