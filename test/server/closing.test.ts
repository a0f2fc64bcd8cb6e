import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { LiveGateway } from '../../src/server/live-gateway.ts'
import { shutdown } from '../../src/server/shutdown.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { ask, scene, WAYS } from './scene.ts'
import { openLine } from './line.ts'
import type { Line } from './line.ts'

const at = scene({}, { connectionsCheckingInterval: 10 })
let number = 0

beforeEach(async () => {
  at.server.closeAllConnections()
  if (at.server.listening) await new Promise((resolve) => at.server.close(resolve))
  await new Promise<void>((resolve) => at.server.listen(at.port, '127.0.0.1', resolve))
})

const isOpen = ({ socket }: Line) => !socket.destroyed && !socket.readableEnded
const rest = (request: string) => request.slice(-20)

/** A connection in each phase. */
async function everyPhase(query: string) {
  const id = `${number++}`
  const lines = { fresh: openLine(at.port), idle: openLine(at.port), body: openLine(at.port) }
  const calls = { asking: openLine(at.port), waiting: openLine(at.port), streaming: openLine(at.port) }
  const request = ask({ answer: 'late body' }, { query })
  await at.socketOf(lines.fresh.socket)
  lines.idle.send(ask({ answer: 'idle' }, { query }))
  await lines.idle.answer()
  const body = await at.socketOf(lines.body.socket)
  lines.body.send(request.slice(0, -20))
  await until('half of a body', () => body.bytesRead === request.length - 20)
  calls.asking.send(ask({ answer: 'asked', wait: id }, { query }))
  await until('the call', () => at.asked.at(-1)?.wait === id)
  calls.waiting.send(ask({ stream: `waiting ${id}`, wait: `waiting ${id}` }, { query }))
  const waiting = async () => {
    await at.release(`waiting ${id}`)
    return at.stream(`waiting ${id}`)
  }
  calls.streaming.send(ask({ stream: `streaming ${id}` }, { query }))
  const streaming = await at.stream(`streaming ${id}`)
  streaming.push('first')
  await until('the first chunk', () => calls.streaming.rest().includes('first'))
  return { id, request, ...lines, ...calls, streams: { waiting, streaming } }
}

/** What was begun is answered: the body that comes late, the call and the stream that waited. */
async function expectAnswers({ id, request, body, asking, waiting, streams }: Awaited<ReturnType<typeof everyPhase>>) {
  body.send(rest(request))
  expect((await body.answer()).body).toBe('late body')
  await at.release(id)
  expect((await asking.answer()).body).toBe('asked')
  const source = await streams.waiting()
  source.push('waited')
  source.stream.end()
  expect((await waiting.answer()).body).toBe('waited')
}

describe.each(WAYS)('a server with connections in every phase, $way', ({ query }) => {
  test('closes when the last answer is sent', async () => {
    const phases = await everyPhase(query)
    const { fresh, idle, body, asking, waiting, streaming, streams } = phases
    let closed = false
    at.server.close(() => (closed = true))
    await within('the idle one', idle.ended)
    // Node waits for the first request of a connection that is its own.
    await within('the fresh one', fresh.ended)
    expect([body, asking, waiting, streaming].map(isOpen)).toEqual([true, true, true, true])

    await expectAnswers(phases)
    for (let i = 0; i < 20; i++) {
      streams.streaming.push(`${i} `)
      await new Promise(setImmediate)
    }
    expect(closed).toBe(false)
    streams.streaming.stream.end()
    expect((await streaming.answer()).body).toMatch(/^first0 1 2 .* 19 $/)
    at.server.closeIdleConnections()
    await until('the server to be closed', () => closed)
  })

  test('cuts everything where it is told to', async () => {
    const { id, fresh, idle, body, asking, waiting, streaming, streams } = await everyPhase(query)
    at.server.closeAllConnections()
    const lines = [fresh, idle, body, asking, waiting, streaming]
    await within('all to be cut', Promise.all(lines.map(({ ended }) => ended)))
    expect(streaming.rest()).not.toMatch(/\r\n0\r\n\r\n$/)
    const source = await streams.waiting()
    await until('the streams to be cancelled', () => streams.streaming.cancelled && source.cancelled)
    await at.release(id)
    await until('the books to be closed', () => at.gateway.inFlight() === 0)
  })

  test('closes the idle ones alone', async () => {
    const { id, request, idle, body, asking, waiting, streaming, streams } = await everyPhase(query)
    at.server.closeIdleConnections()
    await within('the idle one', idle.ended)
    expect([body, asking, waiting, streaming].map(isOpen)).toEqual([true, true, true, true])
    // They go on, and stay open.
    body.send(rest(request))
    expect((await body.answer()).headers['connection']).toBe('keep-alive')
    await at.release(id)
    expect((await asking.answer()).headers['connection']).toBe('keep-alive')
    for (const line of [waiting, streaming]) line.leave()
    const source = await streams.waiting()
    await until('the streams to be cancelled', () => streams.streaming.cancelled && source.cancelled)
  })

  test('shuts down: what runs ends whole', async () => {
    const phases = await everyPhase(query)
    const { body, asking, waiting, streaming, streams } = phases
    const live = { drain: () => {}, close: async () => {} } as LiveGateway
    let down = false
    const done = shutdown(at.server, live).then(() => (down = true))
    const late = openLine(at.port)
    await within('a late client to be turned away', late.ended)
    await expectAnswers(phases)
    expect(down).toBe(false)
    streams.streaming.push('last')
    streams.streaming.stream.end()
    expect((await streaming.answer()).body).toBe('firstlast')
    await within('the end', done)
    for (const line of [body, asking, waiting, streaming]) await within('the connection to be closed', line.ended)
  })
})

// Node decides when a request begins, and these began before: see `test/core/shutdown.test.ts`.
test('answers of a server that closes say so', async () => {
  const { id, request, body, asking, waiting, streaming, streams } = await everyPhase('')
  at.server.close()
  body.send(rest(request))
  await at.release(id)
  const source = await streams.waiting()
  source.push('waited')
  source.stream.end()
  for (const line of [body, asking, waiting]) {
    const { headers } = await line.answer()
    expect(headers['connection']).toBe('close')
    await within('the connection to be closed', line.ended)
  }
  streaming.leave()
})

test('what is pipelined behind the last answer of a server that closes is not answered', async () => {
  const line = openLine(at.port)
  line.send(ask({ stream: 'pipelined', wait: 'pipelined' }))
  await until('the call', () => at.asked.at(-1)?.wait === 'pipelined')
  const server = await at.socketOf(line.socket)
  const before = server.bytesRead
  const behind = ask({ answer: 'behind' })
  line.send(behind)
  await until('the next request', () => server.bytesRead === before + behind.length)
  const asked = at.asked.length
  at.server.close()
  await at.release('pipelined')
  const source = await at.stream('pipelined')
  source.push('only')
  source.stream.end()
  expect(await line.answer()).toMatchObject({ body: 'only', headers: { connection: 'close' } })
  await within('the end', line.ended)
  expect(line.rest()).toBe('')
  expect(at.asked.length).toBe(asked)
})

test('a connection that is closed is forgotten', async () => {
  const lines = [openLine(at.port), openLine(at.port)]
  lines[1]!.send(ask({ answer: 'one' }))
  await lines[1]!.answer()
  for (const line of lines) {
    const server = await at.socketOf(line.socket)
    line.leave()
    await until('the connection to be closed', () => server.closed)
    await new Promise(setImmediate)
    const destroy = vi.spyOn(server, 'destroy')
    at.server.closeAllConnections()
    expect(destroy).not.toHaveBeenCalled()
  }
})
