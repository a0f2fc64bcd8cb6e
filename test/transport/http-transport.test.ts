import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { TransportControl } from '../../src/transport/types.ts'
import { until } from '../suites/gateway-under-test.ts'

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-two: a\r\nx-two: b\r\ntransfer-encoding: chunked\r\n\r\n'
const frame = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const piece = (i: number) => `piece ${i} é `.repeat(20)

const transport = createHttpTransport()
let server: Server
let peer: Socket | undefined
beforeAll(async () => {
  server = createServer((socket) => socket.on('data', () => (peer = socket)).on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await transport.close()
  server.close()
})

/** Asks, and keeps what comes: the pieces themselves, and what they were when they came. */
async function ask() {
  const seen = {
    pieces: [] as Uint8Array[],
    copies: [] as string[],
    status: 0,
    headers: {} as Record<string, unknown>,
    over: false,
    error: undefined as unknown,
    control: undefined as TransportControl | undefined,
  }
  peer = undefined
  const { port } = server.address() as AddressInfo
  transport.dispatch(
    { url: `http://127.0.0.1:${port}/`, headers: {}, body: '{}' },
    {
      start: (control) => void (seen.control = control),
      headers: (status, headers) => void Object.assign(seen, { status, headers }),
      data(chunk) {
        seen.pieces.push(chunk)
        seen.copies.push(Buffer.from(chunk).toString())
      },
      end: () => void (seen.over = true),
      error: (error) => void (seen.error = error),
    },
    { headers: 5000, idle: 5000 },
  )
  await until('the request', () => peer !== undefined)
  return { seen, send: (text: string) => new Promise<void>((resolve) => peer!.write(text, () => resolve())) }
}

test('what one read brings comes as one piece, and stays as it was', async () => {
  const { seen, send } = await ask()
  const rounds = [0, 1, 2].map((round) => Array.from({ length: 30 }, (_, i) => piece(round * 30 + i)))
  await send(HEAD)
  for (const [round, pieces] of rounds.entries()) {
    await send(pieces.map(frame).join(''))
    await until('its bytes', () => seen.copies.join('').endsWith(piece(round * 30 + 29)))
  }
  await send('0\r\n\r\n')
  await until('the end', () => seen.over)
  expect(seen).toMatchObject({ status: 200, headers: { 'x-two': ['a', 'b'] } })
  expect(seen.copies.join('')).toBe(rounds.flat().join(''))
  expect(seen.pieces.map((kept) => Buffer.from(kept).toString())).toEqual(seen.copies)
  // A read may be cut anywhere, but there are not ninety of them.
  expect(seen.pieces.length).toBeLessThan(12)
})

test('what is left of a read when it was paused comes after, and an abort ends it', async () => {
  const { seen, send } = await ask()
  await send(HEAD + frame('first'))
  await until('the first', () => seen.copies.length === 1)
  seen.control!.pause()
  await send(frame('second'))
  await send(frame('third') + frame('fourth'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  seen.control!.resume()
  await until('the rest', () => seen.copies.join('') === 'firstsecondthirdfourth')
  expect(seen.pieces.map((kept) => Buffer.from(kept).toString()).join('')).toBe('firstsecondthirdfourth')
  const closed = new Promise<void>((resolve) => peer!.once('close', () => resolve()))
  seen.control!.abort()
  await closed
  expect({ over: seen.over, error: seen.error }).toEqual({ over: false, error: undefined })
})
