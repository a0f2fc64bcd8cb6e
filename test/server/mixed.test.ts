import { describe, expect, test } from 'vitest'
import { ask, chat, scene } from './scene.ts'
import { inTurn, openLine } from './line.ts'
import type { LineAnswer } from './line.ts'

const at = scene()

const lines = (first: string, ...fields: string[]) => [first, 'host: 127.0.0.1', ...fields, '', ''].join('\r\n')
const get = (path: string, method = 'GET') => lines(`${method} ${path} HTTP/1.1`)

/** Requests of every kind, each for an answer that tells them apart. */
const KINDS: Readonly<Record<string, { request: string; body: string | RegExp; status?: number }>> = {
  plain: { request: ask({ answer: 'plain' }), body: 'plain' },
  'plain, in capitals': {
    request: ask({ answer: 'CAPITALS' }).replace('content-type', 'CONTENT-TYPE'),
    body: 'CAPITALS',
  },
  'a query': { request: ask({ answer: 'query' }, { query: '?a=1' }), body: 'query' },
  models: { request: get('/v1/models'), body: /"object":"list"/ },
  health: { request: get('/health/liveliness'), body: /alive/i },
  nowhere: {
    request: get('/nowhere', 'POST').replace(/\r\n\r\n$/, '\r\ncontent-length: 0\r\n\r\n'),
    body: /unknown_url/,
    status: 404,
  },
  chunks: { request: chunked(chat({ answer: 'chunks' })), body: 'chunks' },
  expect: { request: ask({ answer: 'expect' }, { headers: { expect: '100-continue' } }), body: 'expect' },
  upgrade: {
    request: ask({ answer: 'upgrade' }, { headers: { connection: 'upgrade', upgrade: 'h2c' } }),
    body: 'upgrade',
  },
  'an error': { request: ask({ answer: '', status: 429 }), body: '', status: 429 },
}
/** What ends the connection. */
const LAST: readonly string[] = [
  ask({ answer: 'last' }, { headers: { connection: 'close' } }),
  ask({ answer: 'last' }).replace('HTTP/1.1', 'HTTP/1.0'),
  ask({ answer: 'last', headers: { connection: 'close' } }),
]
const names = Object.keys(KINDS)
/** Node loses what comes in one piece behind a request that asks for another protocol. */
const followed = names.filter((name) => name !== 'upgrade')

function chunked(text: string): string {
  const [start, rest] = [text.slice(0, 10), text.slice(10)]
  const head = lines(
    'POST /v1/chat/completions HTTP/1.1',
    'content-type: application/json',
    'transfer-encoding: chunked',
  )
  return `${head}a\r\n${start}\r\n${rest.length.toString(16)}\r\n${rest}\r\n0\r\n\r\n`
}

function check(name: string, answer: LineAnswer): void {
  const { body, status = 200 } = KINDS[name]!
  expect(answer.status, name).toBe(status)
  if (typeof body === 'string') expect(answer.body, name).toBe(body)
  else expect(answer.body, name).toMatch(body)
}

describe('every kind of request behind every other one', () => {
  test.each(names)('%s first, in turn', async (first) => {
    for (const second of names) {
      for (const third of ['plain', 'models', 'chunks']) {
        const line = openLine(at.port)
        const wanted = [first, second, third, 'plain']
        const answers = await inTurn(
          line,
          wanted.map((name) => KINDS[name]!.request),
        )
        for (const [i, name] of wanted.entries()) check(name, answers[i]!)
        expect(line.rest()).toBe('')
        // Node's for good.
        const direct = answers.map((answer) => answer.direct)
        expect(direct).toEqual(direct.toSorted((a, b) => Number(b) - Number(a)))
        if (first.startsWith('plain') || first === 'an error') expect(direct[0]).toBe(true)
        line.leave()
      }
    }
  })

  test.each(followed)('%s first, in one write', async (first) => {
    for (const second of followed) {
      for (const third of names) {
        const line = openLine(at.port)
        const wanted = [first, second, third]
        line.send(wanted.map((name) => KINDS[name]!.request).join(''))
        for (const name of wanted) check(name, await line.answer())
        line.leave()
      }
    }
  })

  test.each(names)('%s, then the last', async (first) => {
    for (const last of LAST) {
      const line = openLine(at.port)
      line.send(KINDS[first]!.request)
      check(first, await line.answer())
      line.send(last)
      expect(await line.answer()).toMatchObject({ body: 'last', headers: { connection: 'close' } })
      await line.ended
      expect(line.rest()).toBe('')
      line.leave()
    }
  })

  test.each(followed)('%s behind a running stream', async (second) => {
    const line = openLine(at.port)
    line.send(ask({ stream: `before ${second}` }))
    const source = await at.stream(`before ${second}`)
    source.push('streamed')
    line.send(KINDS[second]!.request + KINDS['plain']!.request)
    await new Promise((go) => setTimeout(go, 5))
    source.stream.end()
    expect((await line.answer()).body).toBe('streamed')
    check(second, await line.answer())
    check('plain', await line.answer())
    line.leave()
  })
})

test('a client that waits for 100 Continue gets it', async () => {
  const line = openLine(at.port)
  check('plain', (await inTurn(line, [KINDS['plain']!.request]))[0]!)
  const { request } = KINDS['expect']!
  const head = request.indexOf('\r\n\r\n') + 4
  const interim = new Promise<string>((resolve) => line.socket.once('data', (chunk) => resolve(String(chunk))))
  line.send(request.slice(0, head))
  expect(await interim).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  line.send(request.slice(head))
  check('expect', await line.answer())
  line.leave()
})

test('nonsense behind plain requests gets an answer of its own', async () => {
  for (const nonsense of [
    'nonsense\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'POST / HTTP/1.1\nhost: x\n\n',
  ]) {
    const line = openLine(at.port)
    check('plain', (await inTurn(line, [KINDS['plain']!.request]))[0]!)
    line.send(nonsense)
    expect((await line.answer()).status).toBe(400)
    await line.ended
    expect(line.rest()).toBe('')
    line.leave()
  }
})
