import { describe, expect, test } from 'vitest'
import { until } from '../suites/gateway-under-test.ts'
import { ask, scene, WAYS } from './scene.ts'
import type { Wanted } from './scene.ts'
import { inTurn, openLine } from './line.ts'
import type { LineAnswer } from './line.ts'

const at = scene()
let number = 0

/** The answer, and the one of the request behind it, which shows where the first one ended. */
async function answer(wanted: Wanted, query: string): Promise<{ first: LineAnswer; head: string }> {
  const line = openLine(at.port)
  const [first, next] = await inTurn(line, [ask(wanted, { query }), ask({ answer: 'next' }, { query })])
  expect(next!.body).toBe('next')
  expect(line.rest()).toBe('')
  line.leave()
  return { first: first!, head: first!.head.toLowerCase() }
}

describe.each(WAYS)('whole answers, $way', ({ query, direct }) => {
  test.each([
    ['a text', { answer: 'text' }],
    ['an empty text', { answer: '' }],
    ['multi-byte text', { answer: '"é€🐦"' }],
    ['bytes', { answer: 'bytes', bytes: true }],
    ['no bytes', { answer: '', bytes: true }],
    ...[65_535, 65_536, 65_537, 300_000].flatMap((size): [string, Wanted][] => [
      [`a text of ${size}`, { long: ['x', size] }],
      [`bytes of ${size}`, { long: ['x', size], bytes: true }],
    ]),
    ['a text that is longer in bytes', { long: ['€', 30_000] }],
    ['another status', { answer: 'no', status: 429 }],
    ['a status of one’s own', { answer: 'odd', status: 799 }],
  ] as [string, Wanted][])('%s', async (_name, wanted) => {
    const { first } = await answer(wanted, query)
    const body = wanted.long ? wanted.long[0].repeat(wanted.long[1]) : wanted.answer!
    expect(first).toMatchObject({ status: wanted.status ?? 200, direct })
    expect(first.body === body).toBe(true)
    expect(first.headers).toMatchObject({
      'content-length': String(Buffer.byteLength(body)),
      'content-type': 'application/json',
      connection: 'keep-alive',
      'keep-alive': 'timeout=75',
    })
    expect(first.headers['transfer-encoding']).toBeUndefined()
  })

  test.each([204, 304])('%i has no body, whatever it was given', async (status) => {
    for (const wanted of [{ answer: '' }, { answer: 'text' }, { answer: 'bytes', bytes: true }]) {
      const { head } = await answer({ ...wanted, status }, query)
      expect(head).not.toMatch(/content-length|transfer-encoding/)
    }
    const line = openLine(at.port)
    const name = `${status} ${query}`
    const before = at.records.length
    line.send(ask({ stream: name, status }, { query }))
    const source = await at.stream(name)
    source.push('not sent')
    source.stream.end()
    expect(await line.answer()).toMatchObject({ status, body: '' })
    await until('the record', () => at.records.length > before)
    // Nobody left: the books are those of an answer that was sent.
    expect(at.records.at(-1)).toMatchObject({ status, aborted: false })
    expect(source.cancelled).toBe(false)
    line.send(ask({ answer: 'next' }, { query }))
    expect((await line.answer()).body).toBe('next')
    line.leave()
  })

  const framing: Record<string, string>[] = [
    { 'content-length': '1' },
    { 'Content-Length': '1' },
    { 'transfer-encoding': 'chunked' },
    { 'Transfer-Encoding': 'gzip' },
    { 'keep-alive': 'timeout=1' },
    { connection: 'x-given' },
    { Connection: 'keep-alive' },
    { trailer: 'x' },
    { TRAILER: 'x' },
  ]
  test.each(framing)('how it is framed is not a plugin’s to say: %j', async (headers) => {
    for (const given of [{ headers }, { set: headers }]) {
      const { first, head } = await answer({ answer: 'three', ...given }, query)
      expect(first.body).toBe('three')
      expect(head.match(/^content-length: 5$/gm)).toHaveLength(1)
      expect(head.match(/^connection: keep-alive$/gm)).toHaveLength(1)
      expect(head).not.toMatch(/^transfer-encoding|^trailer|timeout=1/m)
      const line = openLine(at.port)
      const name = `framed ${number++}`
      line.send(ask({ stream: name, ...given }, { query }))
      const source = await at.stream(name)
      source.push('streamed')
      source.stream.end()
      const streamed = await line.answer()
      expect(streamed.body).toBe('streamed')
      expect(streamed.head.toLowerCase()).not.toMatch(/^content-length|^trailer|timeout=1|gzip/m)
      expect(streamed.head.match(/^transfer-encoding: chunked$/gim)).toHaveLength(1)
      line.leave()
    }
  })

  test.each(['close', 'Close'])('`connection: %s` closes', async (connection) => {
    for (const wanted of [{ answer: 'bye' }, { long: ['x', 400_000] }, { answer: '', status: 204 }] as Wanted[]) {
      const line = openLine(at.port)
      line.send(ask({ ...wanted, headers: { connection } }, { query }))
      const { headers } = await line.answer()
      expect(headers['connection']).toBe('close')
      expect(headers['keep-alive']).toBeUndefined()
      await line.ended
      line.leave()
    }
  })

  test.each([
    ['a line end', { 'x-a': 'a\nx-injected: 1' }],
    ['a return', { 'x-a': 'a\rx-injected: 1' }],
    ['both', { 'x-a': 'a\r\n\r\nHTTP/1.1 200 OK' }],
    ['a NUL', { 'x-a': '\0' }],
    ['DEL', { 'x-a': '\x7f' }],
    ['no Latin-1', { 'x-a': '€' }],
    ['a sign whose low byte is a line end', { 'x-a': 'a\u010ax-injected: 1' }],
    ['a space in its name', { 'x a': '1' }],
    ['a line end in its name', { 'x-a: 1\r\nx-injected': '1' }],
    ['a colon in its name', { 'x-a:': '1' }],
    ['no name', { '': '1' }],
  ])('a header with %s is a 500, and nothing of it is written', async (_name, headers) => {
    for (const given of [{ headers }, { set: headers }]) {
      const line = openLine(at.port)
      line.send(ask({ answer: 'secret', ...given }, { query }))
      const { status, head, body } = await line.answer()
      expect({ status, body }).toEqual({ status: 500, body: '' })
      expect(head).not.toMatch(/injected|secret/)
      if (direct) await line.ended
      line.leave()
      const left = openLine(at.port)
      const name = `bad ${number++}`
      left.send(ask({ stream: name, ...given }, { query }))
      const source = await at.stream(name)
      source.push('secret')
      expect((await left.answer()).status).toBe(500)
      left.leave()
      await until('the stream’s end', () => at.gateway.inFlight() === 0 || source.cancelled)
    }
  })

  test('an answer that cannot be written gets its 500 behind a stream, too', async () => {
    const line = openLine(at.port)
    const name = `before ${number++}`
    line.send(ask({ stream: name }, { query }))
    const source = await at.stream(name)
    source.push('streamed')
    source.stream.end()
    expect((await line.answer()).body).toBe('streamed')
    line.send(ask({ answer: 'secret', set: { 'x-a': '\n' } }, { query }))
    expect(await line.answer()).toMatchObject({ status: 500, body: '' })
    line.leave()
  })

  test('a date of its own is the only one', async () => {
    const { head } = await answer({ answer: 'x', headers: { date: 'Thu, 01 Jan 1970 00:00:00 GMT' } }, query)
    expect(head.match(/^date: .*$/gm)).toEqual(['date: thu, 01 jan 1970 00:00:00 gmt'])
  })

  test('headers that are plain Latin-1 are written', async () => {
    const { first } = await answer({ answer: 'x', set: { 'x-empty': '', 'x-tab': 'a\tb', 'x-sign': '"é\xff"' } }, query)
    expect(first.headers).toMatchObject({ 'x-empty': '', 'x-tab': 'a\tb' })
    if (direct) expect(first.headers['x-sign']).toBe('"é\xff"')
  })

  test.each([0, 99, 1000, -200, 100, 101, 199, 200.5, '200', '200\r\nx-injected: 1'])(
    '%j is no status',
    async (status) => {
      const line = openLine(at.port)
      line.send(ask({ answer: 'secret', status: status as number }, { query }))
      const got = await line.answer()
      expect(got.status).toBe(500)
      expect(got.body).not.toContain('secret')
      expect(got.head).not.toMatch(/injected/)
      line.leave()
    },
  )
})
