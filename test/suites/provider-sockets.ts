import { expect, test } from 'vitest'
import type { ServerResponse } from 'node:http'
import type { Received } from './fake-upstream.ts'
import { until, within } from './gateway-under-test.ts'
import { aroundMarker, streamType } from './provider-fixtures.ts'
import type { ProviderSuite } from './provider-fixtures.ts'
import { withBench } from './provider-bench.ts'
import { sendOverSocket } from './socket-client.ts'

const MIB = 1024 * 1024

interface Phase {
  phase: string
  stream: boolean
  /** What the upstream does before the client leaves. */
  play(response: ServerResponse): void
  /** What the client has seen when it leaves; nothing: it leaves when the upstream has the request. */
  seen?: string
}

/** Rows 11 and 12 over real sockets: clients that leave, clients that do not read. */
export function testSockets(suite: ProviderSuite): void {
  const [before, event] = aroundMarker(suite)
  const phases: Phase[] = [
    { phase: 'before headers', stream: true, play: () => {} },
    { phase: 'before headers, not streamed', stream: false, play: () => {} },
    {
      phase: 'before the first token',
      stream: true,
      play: (response) => response.writeHead(200, { 'content-type': streamType(suite) }).flushHeaders(),
    },
    {
      phase: 'mid-stream',
      stream: true,
      play: (response) => void response.writeHead(200, { 'content-type': streamType(suite) }).write(before + event),
      seen: suite.marker,
    },
    {
      phase: 'in the middle of a body',
      stream: false,
      play: (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":'),
    },
  ]

  test.each(phases)('11 the client leaves $phase: the upstream’s socket is closed', ({ stream, play, seen }) =>
    withBench(suite, {}, async (bench) => {
      let received: Received | undefined
      bench.handler = (request, response) => {
        play(response)
        received = request
      }
      const { port } = await bench.listen()
      const client = sendOverSocket({ port, body: bench.body({ stream }) })
      await until('the upstream has the request', () => received !== undefined)
      if (seen) await until('the client has its first token', () => client.text().includes(seen))
      else await new Promise((resolve) => setTimeout(resolve, 20))
      expect(bench.gateway.inFlight()).toBe(1)
      client.leave()
      await within('the upstream’s socket closes', received!.closed)
      await until('the call is over', () => bench.gateway.inFlight() === 0 && bench.records.length > 0)
      expect(bench.settled.map(({ outcome }) => outcome.aborted)).toEqual([true])
      const error = seen ? undefined : expect.objectContaining({ status: 499, code: 'client_disconnected' })
      expect(bench.records).toMatchObject([{ aborted: true, stream, status: seen ? 200 : 499, error }])
      expect(bench.records[0]!.attempts).toMatchObject([{ error: 'client_disconnected' }])
    }),
  )

  test('12 a client that does not read: the upstream is paused', () =>
    withBench(suite, {}, async (bench) => {
      const piece = event.replace(suite.marker, `${suite.marker} ${'x'.repeat(16 * 1024)}`)
      const total = 96 * MIB
      let written = 0
      bench.handler = (_request, response) => {
        response.writeHead(200, { 'content-type': streamType(suite) })
        response.write(before)
        const fill = () => {
          while (written < total) {
            written += piece.length
            if (!response.write(piece)) return void response.once('drain', fill)
          }
        }
        fill()
      }
      const { port } = await bench.listen()
      const client = sendOverSocket({ port, body: bench.body({ stream: true }), readAtMost: 1 })
      await until('the first bytes', () => client.text().length > 0)
      await standsStill(() => written)
      // The kernel's buffers of two connections, and one read on its way: far from what there is to write.
      expect(written).toBeLessThan(24 * MIB)
      const stalled = written
      client.readOn()
      await until('the stream goes on when the client reads', () => written > stalled + 8 * MIB, 10_000)
      client.leave()
      await until('the call is over', () => bench.gateway.inFlight() === 0)
    }))
}

/** Waits until a number has not changed for a while. */
async function standsStill(value: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 6;) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    same = value() === last ? same + 1 : 0
    last = value()
  }
}
