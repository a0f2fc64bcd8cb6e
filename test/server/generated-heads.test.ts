import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hardenServer, serverOptions } from '../../src/server/http-server.ts'
import { readRequestHead } from '../../src/server/direct/request-head.ts'
import type { RequestHead } from '../../src/server/direct/request-head.ts'
import { seeded } from '../transport/random.ts'
import { someHead } from './heads.ts'

/** A request as Node's parser reads it. */
interface Read {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly raw: readonly string[]
  size: number
}

const CASES = 12_000
/** Behind the body: Node finds it there only where it ends the body at the same byte. */
const NEXT = 'GET /next HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'

let server: Server
let port: number
const read = new Map<number, Read[]>()
beforeAll(async () => {
  server = createServer(serverOptions, (request, response) => {
    const { method = '', url = '', headers, rawHeaders: raw } = request
    const one: Read = { method, url, headers, raw, size: 0 }
    const remote = request.socket.remotePort!
    read.set(remote, [...(read.get(remote) ?? []), one])
    request.on('data', (chunk: Buffer) => (one.size += chunk.length))
    request.on('end', () => response.end())
  })
  hardenServer(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

/** What Node makes of a head, a body of that length and one more request. */
function readByNode(head: Buffer, length: number): Promise<Read[]> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let local = 0
    socket.on('connect', () => {
      local = socket.localPort!
      socket.write(head)
      socket.write('b'.repeat(length))
      socket.write(NEXT)
    })
    socket.on('error', () => {})
    socket.resume()
    socket.on('close', () => {
      resolve(read.get(local) ?? [])
      read.delete(local)
    })
  })
}

/** Other readings that somebody in front or behind could have of a head; all of them have to agree. */
function otherReadings(text: string): string[] {
  const readings = [/\r\n/, /\r?\n/, /[\r\n]+/, /\r\n?|\n/].map((ends) =>
    text
      .split(ends)
      .filter((one) => one !== '')
      .slice(1),
  )
  return readings.map((lines) => {
    const lengths = lines.filter((one) => /^\W*content-length\s*:/i.test(one))
    const codings = lines.filter((one) => /^\W*transfer-encoding\s*:/i.test(one))
    const hosts = lines.filter((one) => /^\W*host\s*:/i.test(one))
    return JSON.stringify({
      lengths: lengths.map((one) => one.replace(/^[^:]*:\s*|\s*$/g, '')),
      codings,
      hosts: hosts.length,
    })
  })
}

function compare(text: string, head: RequestHead, [first, next, ...more]: Read[]): void {
  const shown = JSON.stringify(text)
  expect(first, `Node refuses ${shown}`).toBeDefined()
  const { method, url, headers, raw, size } = first!
  expect({ method, url, size }, shown).toEqual({ method: 'POST', url: head.path, size: head.length })
  expect({ url: next?.url, size: next?.size, more }, `behind ${shown}`).toEqual({ url: '/next', size: 0, more: [] })
  const names = text
    .split('\r\n')
    .slice(1, -2)
    .map((one) => one.slice(0, one.indexOf(':')))
  expect(names, shown).toEqual(raw.filter((_, i) => i % 2 === 0))
  // What Node keeps no value of: a setter of objects.
  for (const name of names.map((one) => one.toLowerCase()).filter((one) => one !== '__proto__')) {
    expect(head.headers.get(name), `${name} of ${shown}`).toBe(headers[name])
  }
}

describe('what is read as a plain request is the same request to Node', () => {
  test('generated heads', async () => {
    const random = seeded(20_261_122)
    const accepted: { text: string; head: RequestHead }[] = []
    const seen = new Set<string>()
    for (let i = 0; i < CASES; i++) {
      const text = someHead(random)
      if (seen.has(text)) continue
      seen.add(text)
      const head = readRequestHead(Buffer.from(text, 'latin1'))
      if (head) accepted.push({ text: text.slice(0, head.size), head })
    }
    expect(seen.size).toBeGreaterThan(CASES / 2)
    expect(accepted.length).toBeGreaterThan(CASES / 10)
    const one = async () => {
      for (let next = accepted.pop(); next; next = accepted.pop()) {
        const { text, head } = next
        const [reading, ...others] = otherReadings(text)
        for (const other of others) expect(other, JSON.stringify(text)).toBe(reading)
        expect(JSON.parse(reading!), JSON.stringify(text)).toMatchObject({
          lengths: [String(head.length)],
          codings: [],
          hosts: 1,
        })
        compare(text, head, await readByNode(Buffer.from(text, 'latin1'), head.length))
      }
    }
    await Promise.all(Array.from({ length: 8 }, one))
  }, 60_000)
})
