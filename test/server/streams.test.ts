import { describe, expect, test, vi } from 'vitest'
import { logger } from '../../src/logger.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { ask, scene, WAYS } from './scene.ts'
import { openLine } from './line.ts'

const at = scene()
let number = 0

async function streaming(query: string, more = {}) {
  const name = `stream ${number++}`
  const line = openLine(at.port)
  line.send(ask({ stream: name, ...more }, { query }))
  return { line, source: await at.stream(name) }
}
const turn = () => new Promise(setImmediate)
/** Texts of so many bytes that tell where they belong. */
const texts = (count: number, size: number) => Array.from({ length: count }, (_, i) => `${i} `.padEnd(size, '.'))

describe.each(WAYS)('streams, $way', ({ query, direct }) => {
  test('each piece leaves before the next one comes', async () => {
    const { line, source } = await streaming(query)
    for (const piece of ['one', 'é€🐦', 'x', 'four']) {
      source.push(piece)
      const bytes = Buffer.from(piece).toString('latin1')
      await until(piece, () => line.rest().endsWith(`\r\n${Buffer.byteLength(piece).toString(16)}\r\n${bytes}\r\n`))
    }
    expect(line.rest()).toMatch(/transfer-encoding: chunked\r\n/i)
    expect(line.rest()).not.toMatch(/^content-length/im)
    source.stream.end()
    expect(await line.answer()).toMatchObject({ body: 'oneé€🐦xfour', direct, headers: { connection: 'keep-alive' } })
    line.leave()
  })

  test('pieces of one turn are one chunk; empty ones are none', async () => {
    const { line, source } = await streaming(query)
    await turn()
    for (const piece of ['', 'a', '', 'bc', '']) source.push(piece)
    await until('the chunk', () => line.rest().includes('bc'))
    source.push('')
    await turn()
    await turn()
    source.push('d')
    source.push('')
    source.stream.end()
    const answer = await line.answer()
    expect(answer.body).toBe('abcd')
    if (direct) expect(answer.chunks).toEqual([3, 1])
    line.leave()
  })

  test('empty pieces among long ones', async () => {
    const { line, source } = await streaming(query)
    const pieces = ['', 'a'.repeat(30_000), '', 'b'.repeat(40_000), '', 'c'.repeat(100_000), '']
    for (const piece of pieces) source.push(piece)
    source.stream.end()
    expect((await line.answer()).body === pieces.join('')).toBe(true)
    expect(line.rest()).toBe('')
    line.leave()
  })

  test.each([
    ['nothing', []],
    ['nothing but empty pieces', ['', '']],
  ])('%s', async (_name, pieces) => {
    const { line, source } = await streaming(query)
    for (const piece of pieces) source.push(piece)
    source.stream.end()
    expect(await line.answer()).toMatchObject({ status: 200, body: '', chunks: [] })
    line.send(ask({ answer: 'next' }, { query }))
    expect((await line.answer()).body).toBe('next')
    line.leave()
  })

  test.each([
    [1, 65_535],
    [1, 65_536],
    [1, 65_537],
    [1, 1_000_000],
    [2, 32_768],
    [3, 32_768],
    [40, 4000],
    [1000, 700],
  ])('%i pieces of %i bytes in one turn', async (count, size) => {
    const pieces = texts(count, size)
    for (const ending of ['same turn', 'later']) {
      const { line, source } = await streaming(query)
      for (const piece of pieces) source.push(piece)
      if (ending === 'later') await new Promise((go) => setTimeout(go, 10))
      source.stream.end()
      expect((await line.answer()).body === pieces.join('')).toBe(true)
      expect(line.rest()).toBe('')
      line.leave()
    }
  })

  test('all that came before its reader was there', async () => {
    for (const size of [3, 50_000, 100_000]) {
      const name = `stream ${number++}`
      const line = openLine(at.port)
      line.send(ask({ stream: name, wait: name }, { query }))
      await at.release(name)
      const { stream } = await at.stream(name)
      const pieces = texts(4, size)
      for (const piece of pieces) stream.push(Buffer.from(piece))
      stream.end()
      expect((await line.answer()).body === pieces.join('')).toBe(true)
      line.leave()
    }
  })

  test('what breaks is cut without a last chunk, behind all that came', async () => {
    for (const pieces of [[], ['first'], ['first', 'second'], ['x'.repeat(100_000)]]) {
      const { line, source } = await streaming(query)
      for (const piece of pieces.slice(0, -1)) {
        source.push(piece)
        await until('the piece', () => line.rest().includes(piece))
      }
      const before = at.records.length
      if (pieces.length > 0) source.push(pieces.at(-1)!)
      source.stream.fail(new Error('the provider is gone'))
      await within('the end', line.ended)
      expect(line.rest()).not.toMatch(/0\r\n\r\n$/)
      expect(line.rest()).not.toMatch(/^HTTP\/1\.1 500/m)
      for (const piece of pieces.slice(0, -1)) expect(line.rest()).toContain(piece)
      await until('the record', () => at.records.length === before + 1)
      line.leave()
    }
    expect(at.gateway.inFlight()).toBe(0)
  })

  test('many at once are not mixed up', async () => {
    const streams = await Promise.all(Array.from({ length: 30 }, () => streaming(query)))
    const wanted = streams.map(() => '')
    for (let round = 0; round < 20; round++) {
      for (const [i, { source }] of streams.entries()) {
        const piece = `<${i}:${round}>`.repeat((i * round) % 97)
        wanted[i] += piece
        source.push(piece)
      }
      if (round % 3 === 0) await turn()
    }
    for (const { source } of streams) source.stream.end()
    for (const [i, { line }] of streams.entries()) {
      expect((await line.answer()).body === wanted[i], String(i)).toBe(true)
      line.leave()
    }
  })

  test('one that closes the connection', async () => {
    const { line, source } = await streaming(query, { headers: { connection: 'close' } })
    source.push('bye')
    source.stream.end()
    expect(await line.answer()).toMatchObject({ body: 'bye', headers: { connection: 'close' } })
    await within('the end', line.ended)
  })

  test('a long head', async () => {
    const set = { 'x-long': 'h'.repeat(17_000) }
    const { line, source } = await streaming(query, { set })
    for (const piece of ['one', 'two']) {
      source.push(piece)
      await until(piece, () => line.rest().includes(piece))
    }
    source.stream.end()
    expect(await line.answer()).toMatchObject({ body: 'onetwo', headers: set })
    line.send(ask({ answer: 'short', set }, { query }))
    expect(await line.answer()).toMatchObject({ body: 'short', headers: set, direct })
    line.send(ask({ long: ['x', 65_000], set }, { query }))
    expect((await line.answer()).body.length).toBe(65_000)
    const long = await streaming(query, { set })
    long.source.push('x'.repeat(65_000))
    long.source.stream.end()
    expect((await long.line.answer()).body.length).toBe(65_000)
    long.line.leave()
    // Head, piece and end in one turn; not in UTF-8.
    const short = await streaming(query, { set: { ...set, 'x-sign': '\xff' } })
    short.source.push('x')
    short.source.stream.end()
    const answer = await short.line.answer()
    expect(answer.body).toBe('x')
    if (direct) expect(answer.headers['x-sign']).toBe('\xff')
    short.line.leave()
    line.leave()
  })
})

test('a stream that throws when it is read: nothing of ours gets into its answer', async () => {
  const error = vi.spyOn(logger, 'error').mockImplementation(() => {})
  const name = `stream ${number++}`
  const line = openLine(at.port)
  line.send(ask({ stream: name, breaks: true, long: ['x', 40_000] }))
  const source = await at.stream(name)
  await within('the end', line.ended)
  expect(line.rest().includes('HTTP/1.1 500')).toBe(false)
  expect(line.rest().endsWith('\r\n0\r\n\r\n')).toBe(false)
  await until('the stream to be cancelled', () => source.cancelled)
  expect(at.gateway.inFlight()).toBe(0)
  error.mockRestore()
})
