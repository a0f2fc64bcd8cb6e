import { expect, test } from 'vitest'
import { checkStream } from './provider-answers.ts'
import { aroundMarker, streamType } from './provider-fixtures.ts'
import type { ProviderSuite } from './provider-fixtures.ts'
import { sendJson, withBench } from './provider-bench.ts'
import { until, within } from './gateway-under-test.ts'
import { scriptedTransport, splitAt } from './scripted-transport.ts'
import { sendOverSocket } from './socket-client.ts'

const encoder = new TextEncoder()

/** Rows 3, 4 and 14: what a stream is, and how it arrives. */
export function testStreams(suite: ProviderSuite): void {
  const { main, tools } = suite

  test('3 the chunks add up to the whole text; one id, the role first, one finish, [DONE] last', () =>
    withBench(suite, {}, async (bench) => {
      const response = await bench.post(bench.body({ stream: true }))
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream\b/)
      checkStream(await response.text(), main)
    }))

  const streams = [
    { name: 'the text', fixture: main, ask: {} },
    { name: 'the parallel calls', fixture: tools.parallel, ask: tools.ask },
  ]
  const forms = [
    { form: 'as it is', transform: (stream: string) => stream },
    ...(suite.framing === 'ndjson'
      ? [{ form: 'with CRLF and empty lines', transform: (stream: string) => stream.replaceAll('\n', '\r\n\r\n') }]
      : [{ form: 'with CRLF and comments', transform: withComments }]),
  ]
  for (const { name, fixture, ask } of streams) {
    for (const { form, transform } of forms) {
      test(`4 split at every byte offset: ${name}, ${form}`, async () => {
        const transport = scriptedTransport()
        await withBench(suite, { gateway: { transport } }, async (bench) => {
          const bytes = encoder.encode(transform(fixture.stream))
          const headers = { 'content-type': streamType(suite) }
          const play = async (pieces: Uint8Array[]) => {
            transport.answer = { headers, pieces }
            const response = await bench.post(bench.body({ ...ask, stream: true }))
            const text = await response.text()
            return { text, same: suite.sameWire ? text : steady(text) }
          }
          const { text, same: whole } = await play([bytes])
          checkStream(text, fixture)
          for (let offset = 1; offset < bytes.length; offset++) {
            const { same } = await play(splitAt(bytes, offset))
            if (same !== whole) expect(same, `split at byte ${offset}`).toBe(whole)
          }
          expect((await play([...bytes].map((byte) => Uint8Array.of(byte)))).same).toBe(whole)
        })
      })
    }
  }

  test('14 the first chunk is forwarded before the second arrives', () =>
    withBench(suite, {}, async (bench) => {
      const [before, event, after] = aroundMarker(suite)
      let goOn = () => {}
      bench.handler = (_request, response) => {
        response.writeHead(200, { 'content-type': streamType(suite) })
        response.write(before + event)
        goOn = () => response.end(after)
      }
      const { port } = await bench.listen()
      const client = sendOverSocket({ port, body: bench.body({ stream: true }) })
      await until('the first chunk, while the upstream holds the second back', () =>
        client.text().includes(suite.marker),
      )
      goOn()
      await until('the end', () => client.text().includes('[DONE]'))
      client.leave()
    }))

  test('3 a stream that is answered with one JSON body is read all the same', () =>
    withBench(suite, {}, async (bench) => {
      bench.handler = (_request, response) => sendJson(response, main.answer)
      const response = await bench.post(bench.body({ stream: true }))
      checkStream(await within('the answer', response.text()), main)
    }))

  test('3 a stream that ends before it began is an error of the provider', () =>
    withBench(suite, {}, async (bench) => {
      bench.handler = (_request, response) => response.writeHead(200, { 'content-type': streamType(suite) }).end()
      const response = await bench.post(bench.body({ stream: true }))
      expect(response.status).toBeGreaterThanOrEqual(500)
      expect(response.headers.get('x-ungate-error-origin')).toBe('provider')
      expect(await response.json()).toMatchObject({ error: { type: 'api_error' } })
    }))
}

/** Comments, keep-alives and another line end: all legal at any place between lines. */
function withComments(stream: string): string {
  const lines = stream.split('\n\n').map((event) => (event ? `: keep-alive\n\n${event}` : event))
  return lines.join('\n\n').replaceAll('\n', '\r\n')
}

/** Without what differs between two calls by right: their ids and times. */
function steady(text: string): string {
  return text.replaceAll(/"id":"[^"]+"/g, '"id":"x"').replaceAll(/"created":\d+/g, '"created":0')
}
