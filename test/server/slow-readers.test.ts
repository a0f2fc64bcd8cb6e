import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { until, within } from '../suites/gateway-under-test.ts'
import { ask, scene, WAYS } from './scene.ts'
import type { TestStream } from './scene.ts'
import { openLine } from './line.ts'
import type { Line } from './line.ts'

const at = scene()
/** What one turn may bring at most before its reader is looked at again, with what Node keeps. */
const KEPT = 128 * 1024
let number = 0

async function streaming(query: string): Promise<{ line: Line; source: TestStream }> {
  const name = `slow ${number++}`
  const line = openLine(at.port)
  line.send(ask({ stream: name }, { query }))
  return { line, source: await at.stream(name) }
}
const turn = () => new Promise(setImmediate)
const sha1 = (text: string) => createHash('sha1').update(text, 'latin1').digest('hex')

/** Pushes until the source is told to pause; what was pushed. */
async function fill(source: TestStream, letter: string, size = 16_000): Promise<string> {
  let pushed = ''
  // A pause that lasts: short ones come while the kernel takes more.
  for (let paused = 0; paused < 20;) {
    if (source.paused) {
      paused++
      await new Promise((go) => setTimeout(go, 5))
    } else {
      paused = 0
      pushed += letter.repeat(size)
      source.push(letter.repeat(size))
      await turn()
    }
  }
  return pushed
}

describe.each(WAYS)('a reader that is slow, $way', ({ query }) => {
  test('stops the stream, and gets all of it', async () => {
    const { line, source } = await streaming(query)
    source.push('begin')
    await until('the head', () => line.rest().includes('begin'))
    line.socket.pause()
    const server = await at.socketOf(line.socket)
    let wanted = 'begin'
    for (const letter of 'abc') {
      wanted += await fill(source, letter)
      expect(server.writableLength).toBeLessThan(KEPT)
      line.socket.resume()
      await until('the stream to go on', () => !source.paused)
      line.socket.pause()
    }
    line.socket.resume()
    source.stream.end()
    const { body, headers } = await line.answer()
    expect(sha1(body)).toBe(sha1(wanted))
    expect(headers['connection']).toBe('keep-alive')
    line.send(ask({ answer: 'next' }, { query }))
    expect((await line.answer()).body).toBe('next')
    line.leave()
  })

  test('of small pieces and of one that is long', async () => {
    for (const size of [300, 700_000]) {
      const { line, source } = await streaming(query)
      line.socket.pause()
      const wanted = await fill(source, 'x', size)
      const server = await at.socketOf(line.socket)
      expect(server.writableLength).toBeLessThan(KEPT + size)
      source.push('the last')
      source.stream.end()
      line.socket.resume()
      expect(sha1((await line.answer()).body)).toBe(sha1(`${wanted}the last`))
      line.leave()
    }
  })

  test('does not get what is for others, nor they what is for it', async () => {
    const slow = await Promise.all([streaming(query), streaming(query), streaming(query)])
    for (const { line } of slow) line.socket.pause()
    const wanted: string[] = []
    const fast = await streaming(query)
    let forFast = ''
    for (const [i, { source }] of slow.entries()) {
      const letter = 'abc'[i]!
      wanted.push(await fill(source, letter, 50_000))
      for (let piece = 0; piece < 5; piece++) {
        const text = `${i}${piece}`.repeat(9000)
        forFast += text
        fast.source.push(text)
        await turn()
        const whole = openLine(at.port)
        whole.send(ask({ long: ['#', 60_000] }, { query }))
        expect((await whole.answer()).body === '#'.repeat(60_000)).toBe(true)
        whole.leave()
      }
    }
    fast.source.stream.end()
    expect(sha1((await fast.line.answer()).body)).toBe(sha1(forFast))
    for (const { line, source } of slow) {
      source.stream.end()
      line.socket.resume()
    }
    for (const [i, { line }] of slow.entries()) expect(sha1((await line.answer()).body)).toBe(sha1(wanted[i]!))
    for (const { line } of [...slow, fast]) line.leave()
  })

  test('of a stream that breaks gets no end', async () => {
    const { line, source } = await streaming(query)
    line.socket.pause()
    await fill(source, 'x')
    source.stream.fail(new Error('the provider is gone'))
    line.socket.resume()
    await within('the end', line.ended)
    expect(line.rest().endsWith('\r\n0\r\n\r\n')).toBe(false)
    await until('the call to end', () => at.gateway.inFlight() === 0)
  })

  test('that leaves: the stream is cancelled while it waits', async () => {
    const { line, source } = await streaming(query)
    line.socket.pause()
    await fill(source, 'x')
    line.socket.resetAndDestroy()
    await until('the stream to be cancelled', () => source.cancelled)
    await until('the call to end', () => at.gateway.inFlight() === 0)
  })

  test('of a stream that ends while it is behind gets the answer behind it', async () => {
    const { line, source } = await streaming(query)
    line.socket.pause()
    const wanted = await fill(source, 'x')
    const before = at.asked.length
    line.send(ask({ answer: 'behind' }, { query }))
    source.stream.end()
    await new Promise((go) => setTimeout(go, 30))
    // It is not asked for more before it has read what there is.
    if (query === '') expect(at.asked.length).toBe(before)
    line.socket.resume()
    expect(sha1((await line.answer()).body)).toBe(sha1(wanted))
    expect((await line.answer()).body).toBe('behind')
    line.leave()
  })

  test('of an answer that closes the connection gets all of it', async () => {
    const line = openLine(at.port)
    line.socket.pause()
    line.send(ask({ long: ['x', 8_000_000], headers: { connection: 'close' } }, { query }))
    const server = await at.socketOf(line.socket)
    await until('the answer to wait', () => server.writableLength > 0)
    line.send(ask({ answer: 'behind' }, { query }))
    line.socket.resume()
    const { body, headers } = await line.answer()
    expect(body.length).toBe(8_000_000)
    expect(headers['connection']).toBe('close')
    await within('the end', line.ended)
    expect(line.rest()).toBe('')
  })
})
