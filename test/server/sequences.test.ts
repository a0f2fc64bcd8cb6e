import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { until } from '../suites/gateway-under-test.ts'
import { seeded } from '../transport/random.ts'
import { ask, scene, WAYS } from './scene.ts'
import type { Wanted } from './scene.ts'
import { inTurn, openLine } from './line.ts'

const at = scene()
const bodies = (answers: readonly { body: string }[]) => answers.map(({ body }) => body)
const hashes = (texts: readonly string[]) => texts.map((text) => createHash('sha1').update(text).digest('hex'))

describe.each(WAYS)('several requests on one connection, $way', ({ query, direct }) => {
  const echo = (content: string, headers = {}) => ask({ echo: true }, { query, content, headers })

  test('with the same head, then with others, then with the first again', async () => {
    const line = openLine(at.port)
    const contents = ['one', 'two', 'three!', 'xxxxx', 'six', 'a longer one', 'one', 'two']
    const answers = await inTurn(
      line,
      contents.map((content, i) => echo(content, i === 3 ? { 'x-other': '1' } : {})),
    )
    expect(bodies(answers)).toEqual(contents)
    expect(answers.every((answer) => answer.direct === direct)).toBe(true)
    line.leave()
  })

  test('with heads that begin like the one before', async () => {
    const line = openLine(at.port)
    const ids = ['call-1', 'call-2', 'call-1', 'call-10', 'call-1']
    const answers = await inTurn(
      line,
      ids.map((id) => echo(id, { 'x-litellm-call-id': id })),
    )
    expect(answers.map(({ headers }) => headers['x-litellm-call-id'])).toEqual(ids)
    expect(bodies(answers)).toEqual(ids)
    line.leave()
  })

  test('with another body behind the same head', async () => {
    const line = openLine(at.port)
    const contents = Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i).repeat(30))
    for (const content of contents) {
      const request = echo(content)
      // The head alone, and the body in two pieces.
      const cuts = [request.indexOf('\r\n\r\n') + 4, request.length - 7]
      line.send(request.slice(0, cuts[0]))
      await new Promise(setImmediate)
      line.send(request.slice(cuts[0], cuts[1]))
      await new Promise(setImmediate)
      line.send(request.slice(cuts[1]))
      expect((await line.answer()).body).toBe(content)
    }
    line.leave()
  })

  test('of all lengths', async () => {
    const random = seeded(11)
    const line = openLine(at.port)
    const contents = Array.from({ length: 40 }, () =>
      random.pick('abcdef'.split('')).repeat(random.pick([1, 9, 10, 99, 5000, 70_000])),
    )
    const answers = await inTurn(
      line,
      contents.map((content) => echo(content)),
    )
    expect(hashes(bodies(answers))).toEqual(hashes(contents))
    line.leave()
  })

  test('cut around the place where one ends and the next begins', async () => {
    const [one, two] = [echo('one'), echo('two')]
    const bytes = one + two
    for (const from of [one.length - 10, one.length, one.length + 3]) {
      for (let cut = one.length - 3; cut <= one.length + 3; cut++) {
        const line = openLine(at.port)
        line.socket.setNoDelay()
        line.send(bytes.slice(0, Math.min(from, cut)))
        await new Promise((go) => setTimeout(go, 1))
        line.send(bytes.slice(Math.min(from, cut), cut))
        await new Promise((go) => setTimeout(go, 1))
        line.send(bytes.slice(cut))
        expect([(await line.answer()).body, (await line.answer()).body], String(cut)).toEqual(['one', 'two'])
        expect(line.rest()).toBe('')
        line.leave()
      }
    }
  })

  test('pipelined: in one write, and cut anywhere', async () => {
    const random = seeded(13)
    for (const pieces of [1, 2, 3, 5, 9, 40]) {
      const line = openLine(at.port)
      line.socket.setNoDelay()
      const contents = Array.from({ length: 12 }, (_, i) => `${i}`.repeat(random.from(1, 40)))
      const bytes = contents.map((content) => echo(content)).join('')
      const cuts = Array.from({ length: pieces - 1 }, () => random.below(bytes.length)).sort((a, b) => a - b)
      let from = 0
      for (const cut of [...cuts, bytes.length]) {
        line.send(bytes.slice(from, cut))
        from = cut
        await new Promise((go) => setTimeout(go, 1))
      }
      for (const content of contents) expect((await line.answer()).body).toBe(content)
      expect(line.rest()).toBe('')
      line.leave()
    }
  })
})

describe('what comes while an answer is under way', () => {
  const stream = async (name: string) => {
    const line = openLine(at.port)
    line.send(ask({ stream: name }))
    const source = await at.stream(name)
    source.push('first')
    await until('the first chunk', () => line.rest().includes('first'))
    return { line, source }
  }

  test.each([
    ['one', 1, 10],
    ['some', 5, 1000],
    ['more than is kept', 30, 9000],
    ['one that is longer than what is kept', 1, 500_000],
  ])('of a stream: %s', async (name, count, size) => {
    const { line, source } = await stream(`kept ${name}`)
    const contents = Array.from({ length: count }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(size))
    const before = at.asked.length
    for (const content of contents) {
      line.send(ask({ echo: true }, { content }))
      await new Promise(setImmediate)
    }
    source.push('second')
    await until('the second chunk', () => line.rest().includes('second'))
    // Nobody asks for the next before this one is answered.
    expect(at.asked.length).toBe(before)
    source.stream.end()
    expect(await line.answer()).toMatchObject({ body: 'firstsecond' })
    for (const content of contents) {
      const answer = await line.answer()
      expect(hashes([answer.body])).toEqual(hashes([content]))
    }
    expect(line.rest()).toBe('')
    line.leave()
  })

  test('a client that sends without end has to wait', async () => {
    const { line, source } = await stream('flood')
    const server = await at.socketOf(line.socket)
    const piece = ask({ echo: true }, { content: 'x'.repeat(100_000) })
    let sent = 0
    // Until nothing more is taken.
    for (let stuck = 0; stuck < 20;) {
      if (line.socket.writableLength > 0) {
        stuck++
        await new Promise((go) => setTimeout(go, 10))
      } else {
        stuck = 0
        line.send(piece)
        sent++
        await new Promise(setImmediate)
      }
    }
    expect(server!.isPaused()).toBe(true)
    expect(server!.bytesRead).toBeLessThan(1024 * 1024)
    source.stream.end()
    await line.answer()
    for (let i = 0; i < sent; i++) expect((await line.answer()).body.length).toBe(100_000)
    line.leave()
  })

  test('of a whole answer: the next is asked for afterwards', async () => {
    const line = openLine(at.port)
    line.send(ask({ answer: 'one', wait: 'one' }))
    await until('the first', () => at.asked.at(-1)?.wait === 'one')
    line.send(ask({ answer: 'two', wait: 'two' }) + ask({ answer: 'three' }))
    await new Promise((go) => setTimeout(go, 20))
    expect(at.asked.at(-1)?.wait).toBe('one')
    await at.release('one')
    await at.release('two')
    for (const body of ['one', 'two', 'three']) expect((await line.answer()).body).toBe(body)
    line.leave()
  })

  test('one request at a time, again and again: each is asked for once, and read directly', async () => {
    const line = openLine(at.port)
    const before = at.asked.length
    for (let round = 0; round < 4; round++) {
      const [first, second] = [`${round} first`, `${round} second`]
      line.send(ask({ answer: first, wait: first }))
      await until('the first', () => at.asked.at(-1)?.wait === first)
      const server = await at.socketOf(line.socket)
      const behind = ask({ answer: second })
      const read = server.bytesRead
      line.send(behind)
      await until('the second', () => server.bytesRead === read + behind.length)
      await at.release(first)
      expect(await line.answer()).toMatchObject({ body: first, direct: true })
      expect(await line.answer()).toMatchObject({ body: second, direct: true })
    }
    expect(at.asked.length).toBe(before + 8)
    expect(line.rest()).toBe('')
    line.leave()
  })

  test.each(WAYS)('behind an answer that closes the connection nothing is asked for, $way', async ({ query }) => {
    const line = openLine(at.port)
    const wanted: Wanted = { answer: 'bye', wait: `bye ${query}`, headers: { connection: 'close' } }
    line.send(ask(wanted, { query }))
    await until('the first', () => at.asked.at(-1)?.wait === wanted.wait)
    const before = at.asked.length
    line.send(ask({ answer: 'smuggled' }, { query }))
    await new Promise((go) => setTimeout(go, 20))
    await at.release(wanted.wait!)
    expect(await line.answer()).toMatchObject({ body: 'bye', headers: { connection: 'close' } })
    await line.ended
    expect(line.rest()).toBe('')
    if (query === '') expect(at.asked.length).toBe(before)
    line.leave()
  })
})
