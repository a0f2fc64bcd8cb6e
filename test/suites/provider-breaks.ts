import { expect, test } from 'vitest'
import { closedPort } from './fake-upstream.ts'
import { until, within } from './gateway-under-test.ts'
import { errorOf, settledOnce } from './provider-error-of.ts'
import { aroundMarker, streamType } from './provider-fixtures.ts'
import type { ProviderSuite } from './provider-fixtures.ts'
import { sendStream, wantsStream, withBench } from './provider-bench.ts'
import { sumStream } from './sse-reader.ts'

/** Row 10: connections that break, deadlines that pass. */
export function testBreaks(suite: ProviderSuite): void {
  test.each([false, true])('10 refused (stream: %s)', async (stream) => {
    const url = `http://127.0.0.1:${await closedPort()}`
    await withBench(suite, { url }, async (bench) => {
      const response = await bench.post(bench.body({ stream }))
      expect(response.status).toBe(502)
      expect(await errorOf(suite, response)).toMatchObject({
        type: 'api_connection_error',
        code: 'upstream_unreachable',
      })
    })
  })

  test.each([false, true])('10 reset before headers (stream: %s)', (stream) =>
    withBench(suite, {}, async (bench) => {
      bench.handler = (_request, response) => response.socket!.resetAndDestroy()
      const response = await bench.post(bench.body({ stream }))
      expect(response.status).toBe(502)
      expect(await errorOf(suite, response)).toMatchObject({ type: 'api_connection_error' })
      await settledOnce(bench, 502)
    }),
  )

  test('10 reset in the middle of a body', () =>
    withBench(suite, {}, async (bench) => {
      bench.handler = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '9999' })
        response.write('{"id":', () => response.socket!.resetAndDestroy())
      }
      const response = await bench.post(bench.body())
      expect(response.status).toBe(502)
      expect(await errorOf(suite, response)).toMatchObject({ type: 'api_connection_error' })
      await settledOnce(bench, 502)
    }))

  test.each([
    { how: 'between two events', cut: 0 },
    { how: 'in the middle of an event', cut: 9 },
  ])('10 reset mid-stream, $how: an error frame, then the end', ({ cut }) =>
    withBench(suite, {}, async (bench) => {
      const [before, event] = aroundMarker(suite)
      bench.handler = (_request, response) => {
        response.writeHead(200, { 'content-type': streamType(suite) })
        response.write(before + event + event.slice(0, cut), () =>
          setTimeout(() => response.socket!.resetAndDestroy(), 20),
        )
      }
      const response = await bench.post(bench.body({ stream: true }))
      expect(response.status).toBe(200)
      const sum = sumStream(await within('the end of the stream', response.text()))
      expect(sum).toMatchObject({ done: false, finishes: [], error: { type: 'api_connection_error' } })
      expect(sum.text).toContain(suite.marker)
      await settledOnce(bench, 200)
      await until('the log record', () => bench.records.length === 1)
      expect(bench.records[0]).toMatchObject({ status: 200, aborted: false, error: { type: 'api_connection_error' } })
    }),
  )

  if (!suite.sameWire) {
    test('10 a stream that ends too early: an error frame, then the end', () =>
      withBench(suite, {}, async (bench) => {
        const [before, event] = aroundMarker(suite)
        bench.handler = (_request, response) => sendStream(suite, response, before + event)
        const sum = sumStream(await (await bench.post(bench.body({ stream: true }))).text())
        expect(sum).toMatchObject({ done: false, error: { type: expect.stringMatching(/./) } })
        await settledOnce(bench, 200)
      }))
  }

  test.each([false, true])('10 header deadline (stream: %s)', (stream) =>
    withBench(suite, { model: { timeout: 0.15 } }, async (bench) => {
      let closed: Promise<void> | undefined
      bench.handler = (request) => void (closed = request.closed)
      const response = await within('the answer', bench.post(bench.body({ stream })))
      expect(response.status).toBe(408)
      expect(await errorOf(suite, response)).toMatchObject({ type: 'timeout_error', code: 'timeout' })
      await within('the upstream’s socket closes', closed!)
      await settledOnce(bench, 408)
    }),
  )

  test('10 the deadline for a stream’s first chunk, though its headers came', () =>
    withBench(suite, { model: { streamTimeout: 0.15 } }, async (bench) => {
      bench.handler = (_request, response) => {
        response.writeHead(200, { 'content-type': streamType(suite) }).flushHeaders()
      }
      const response = await within('the answer', bench.post(bench.body({ stream: true })))
      expect(response.status).toBe(408)
      expect(await errorOf(suite, response)).toMatchObject({ type: 'timeout_error', code: 'timeout' })
      await settledOnce(bench, 408)
    }))

  test('10 idle deadline before the first token, and in the middle of a body', () =>
    withBench(suite, { model: { idleTimeout: 0.15 } }, async (bench) => {
      bench.handler = (request, response) => {
        const stream = wantsStream(request)
        response.writeHead(200, { 'content-type': stream ? streamType(suite) : 'application/json' })
        if (stream) response.flushHeaders()
        else response.write('{"id":')
      }
      const answers = [true, false].map((stream) => bench.post(bench.body({ stream })))
      for (const response of await within('both answers', Promise.all(answers))) {
        expect(response.status).toBe(408)
        expect(await errorOf(suite, response)).toMatchObject({ type: 'timeout_error', code: 'timeout' })
      }
    }))

  test('10 idle deadline mid-stream: an error frame, then the end', () =>
    withBench(suite, { model: { idleTimeout: 0.15 } }, async (bench) => {
      const [before, event] = aroundMarker(suite)
      bench.handler = (_request, response) => {
        response.writeHead(200, { 'content-type': streamType(suite) })
        response.write(before + event)
      }
      const response = await bench.post(bench.body({ stream: true }))
      const sum = sumStream(await within('the end of the stream', response.text()))
      expect(sum).toMatchObject({ done: false, finishes: [], error: { type: 'timeout_error', code: 'timeout' } })
      expect(sum.text).toContain(suite.marker)
      await settledOnce(bench, 200)
    }))

  const { streamError } = suite
  if (streamError) {
    test('10 an error event before the first token is an error answer, though the upstream stays', () =>
      withBench(suite, {}, async (bench) => {
        let closed: Promise<void> | undefined
        bench.handler = (request, response) => {
          closed = request.closed
          response.writeHead(200, { 'content-type': streamType(suite) })
          response.write(streamError.event)
        }
        const response = await within('the answer', bench.post(bench.body({ stream: true })))
        expect(response.status).toBe(streamError.status)
        expect((await errorOf(suite, response)).code).toBe(streamError.code)
        await within('the upstream’s socket closes', closed!)
        await settledOnce(bench, streamError.status)
      }))

    test('10 an error event mid-stream: an error frame, then the end, though the upstream stays', () =>
      withBench(suite, {}, async (bench) => {
        const [before, event] = aroundMarker(suite)
        bench.handler = (_request, response) => {
          response.writeHead(200, { 'content-type': streamType(suite) })
          response.write(before + event)
          setTimeout(() => response.write(streamError.event), 20)
        }
        const response = await bench.post(bench.body({ stream: true }))
        const sum = sumStream(await within('the end of the stream', response.text()))
        expect(sum).toMatchObject({ done: false, finishes: [], error: { code: streamError.code } })
        await settledOnce(bench, 200)
      }))
  }
}
