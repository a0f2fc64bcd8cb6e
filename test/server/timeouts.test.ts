import type { Server } from 'node:http'
import { connect } from 'node:net'
import { beforeEach, describe, expect, test } from 'vitest'
import { until, within } from '../suites/gateway-under-test.ts'
import { ask, scene, WAYS } from './scene.ts'
import { openLine } from './line.ts'
import type { Line } from './line.ts'

const at = scene({}, { connectionsCheckingInterval: 10 })
/** Long enough to be sure that nothing happens. */
const A_WHILE = 150

type Limits = Partial<Pick<Server, 'headersTimeout' | 'requestTimeout' | 'keepAliveTimeout'>>
const limit = (limits: Limits) =>
  Object.assign(at.server, { headersTimeout: 60_000, requestTimeout: 60_000, keepAliveTimeout: 75_000 }, limits)
beforeEach(() => void limit({}))

const pause = () => new Promise((go) => setTimeout(go, A_WHILE))
const isOpen = (line: Line) => !line.socket.destroyed && !line.socket.readableEnded

async function tooLate(line: Line): Promise<void> {
  expect(await line.answer()).toMatchObject({ status: 408, headers: { connection: 'close' } })
  await within('the connection to be closed', line.ended)
  expect(line.rest()).toBe('')
}

describe('a client that is late', () => {
  test('with its first request: 408', async () => {
    const line = openLine(at.port)
    await pause()
    expect(isOpen(line)).toBe(true)
    limit({ headersTimeout: 20 })
    await tooLate(line)
    line.leave()
  })

  test.each([
    ['no byte of a body', 0],
    ['half of a body', 30],
    ['all but one byte', -1],
  ])('with its body, of which there is %s: 408', async (_name, size) => {
    const request = ask({ answer: 'x' })
    const head = request.indexOf('\r\n\r\n') + 4
    for (const behind of [false, true]) {
      limit({})
      const line = openLine(at.port)
      if (behind) {
        line.send(request)
        await line.answer()
      }
      const before = at.asked.length
      line.send(size < 0 ? request.slice(0, size) : request.slice(0, head + size))
      await pause()
      expect(isOpen(line)).toBe(true)
      limit({ requestTimeout: 20 })
      await tooLate(line)
      expect(at.asked.length).toBe(before)
      line.leave()
    }
  })

  test('with its next request: closed without a word', async () => {
    const line = openLine(at.port)
    line.send(ask({ answer: 'one' }))
    expect((await line.answer()).body).toBe('one')
    limit({ headersTimeout: 20, requestTimeout: 20 })
    await pause()
    expect(isOpen(line)).toBe(true)
    limit({ keepAliveTimeout: 20 })
    await within('the connection to be closed', line.ended)
    expect(line.rest()).toBe('')
  })

  test.each(WAYS)('nobody is late who waits for an answer, $way', async ({ way, query }) => {
    const line = openLine(at.port)
    line.send(ask({ answer: 'one', wait: way }, { query }))
    const streaming = openLine(at.port)
    streaming.send(ask({ stream: way }, { query }))
    const source = await at.stream(way)
    source.push('first')
    limit({ headersTimeout: 20, requestTimeout: 20, keepAliveTimeout: 20 })
    await pause()
    limit({})
    await at.release(way)
    expect((await line.answer()).body).toBe('one')
    source.push('second')
    source.stream.end()
    expect((await streaming.answer()).body).toBe('firstsecond')
    line.leave()
    streaming.leave()
  })

  test('what a client may take begins anew with each of its requests', async () => {
    const line = openLine(at.port)
    const request = ask({ answer: 'two' })
    line.send(ask({ answer: 'one', wait: 'anew' }))
    await until('the call', () => at.asked.at(-1)?.wait === 'anew')
    // As if it had taken very long.
    at.server.tick += 1_000_000
    await at.release('anew')
    expect((await line.answer()).body).toBe('one')
    await pause()
    expect(isOpen(line)).toBe(true)
    limit({ keepAliveTimeout: 0 })
    at.server.tick += 1_000_000
    line.send(request.slice(0, -5))
    await pause()
    expect(isOpen(line)).toBe(true)
    line.send(request.slice(-5))
    expect((await line.answer()).body).toBe('two')
    line.leave()
  })

  test('0 is no limit', async () => {
    limit({ headersTimeout: 0, requestTimeout: 0 })
    const [fresh, half, idle] = [openLine(at.port), openLine(at.port), openLine(at.port)]
    half.send(ask({ answer: 'x' }).slice(0, -5))
    idle.send(ask({ answer: 'x' }))
    expect((await idle.answer()).body).toBe('x')
    limit({ headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 })
    await pause()
    for (const line of [fresh, half, idle]) {
      expect(isOpen(line)).toBe(true)
      line.leave()
    }
  })
})

describe('behind a 408', () => {
  test.each(['body', 'first request'])('a %s that comes nevertheless is not answered', async (what) => {
    const line = openLine(at.port)
    const request = ask({ answer: 'late' })
    const half = request.length - 20
    if (what === 'body') line.send(request.slice(0, half))
    const before = at.asked.length
    const server = await at.socketOf(line.socket)
    // Behind the refusal, in the time that the client has to read it.
    const { end } = server
    const refused = new Promise<void>((resolve) => {
      server.end = ((text: string) => {
        end.call(server, text)
        server.emit('data', Buffer.from(what === 'body' ? request.slice(half) : request))
        resolve()
        return server
      }) as typeof server.end
    })
    limit({ headersTimeout: 20, requestTimeout: 20 })
    await within('the refusal', refused)
    await tooLate(line)
    expect(at.asked.length).toBe(before)
    // And a client that stays is cut off.
    await within('the end', new Promise<void>((resolve) => (server.closed ? resolve() : server.on('close', resolve))))
    line.leave()
  })
})

test('a client that does not close its side behind a 408 is cut off', async () => {
  const socket = connect({ port: at.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {}).resume()
  const server = await at.socketOf(socket)
  limit({ headersTimeout: 20 })
  await until('the connection to be closed', () => server.destroyed)
  socket.destroy()
})

test('a server that listens again looks after its connections again', async () => {
  await new Promise((resolve) => {
    at.server.close(resolve)
    at.server.closeAllConnections()
  })
  const { tick } = at.server
  await pause()
  expect(at.server.tick).toBe(tick)
  await new Promise<void>((resolve) => at.server.listen(at.port, '127.0.0.1', resolve))
  limit({ headersTimeout: 20 })
  await tooLate(openLine(at.port))
})
