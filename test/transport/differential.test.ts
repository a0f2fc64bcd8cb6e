import { Agent, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import { within } from '../suites/gateway-under-test.ts'
import { randomSamples } from './corpus.ts'
import type { Sample } from './corpus.ts'
import { seeded } from './random.ts'
import type { Random } from './random.ts'
import { call, startUpstream } from './support.ts'
import type { Upstream } from './support.ts'

/** Node's own client is the judge: what it makes of the same bytes. */
const samples = randomSamples(400, 77)
const transport = createHttpTransport({ connections: 4 })
const agent = new Agent({ keepAlive: true, maxSockets: 4 })
let upstream: Upstream
beforeAll(async () => {
  const random = seeded(78)
  upstream = await startUpstream((peer, { path }) => {
    const sample = samples[Number(path.slice(1))]!
    void write(peer.socket, sample, random)
  })
})
afterAll(async () => {
  agent.destroy()
  await transport.close()
  await upstream.close()
})

/** In as many writes as it happens, in turns of their own. */
async function write(socket: Socket, { bytes, clean }: Sample, random: Random): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const size = random.pick([1, 10, 100, 1000, 100_000])
    socket.write(bytes.subarray(at, at + size))
    at += size
    if (at < bytes.length) await new Promise((resolve) => setImmediate(resolve))
  }
  if (!clean) socket.end()
}

interface Answer {
  status: number
  headers: Record<string, string[]>
  body: string
}

async function ours(i: number, { method }: Sample): Promise<Answer> {
  const seen = await call({ transport, url: `${upstream.url}${i}`, request: { method } }).done
  if (seen.error !== undefined) throw seen.error
  const headers = Object.entries(seen.headers).map(([name, value]) => [name, [value!].flat()])
  return { status: seen.status, headers: Object.fromEntries(headers), body: seen.body().toString('latin1') }
}

function nodes(i: number, { method }: Sample): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const received = (response: IncomingMessage) => {
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (text: string) => (body += text))
      response.on('error', reject)
      response.on('end', () => {
        const headers = Object.fromEntries(Object.entries(response.headersDistinct).map(([name, all]) => [name, all!]))
        resolve({ status: response.statusCode!, headers, body })
      })
    }
    request(`${upstream.url}${i}`, { method, agent }, received).on('error', reject).end()
  })
}

test('what Node’s client reads of good responses, this one reads', async () => {
  const results: { i: number; ours: Answer; nodes: Answer }[] = []
  const todo = [...samples.entries()]
  const work = async () => {
    for (let next = todo.shift(); next; next = todo.shift()) {
      const [i, sample] = next
      const [mine, other] = await within(sample.name, Promise.all([ours(i, sample), nodes(i, sample)]))
      results.push({ i, ours: mine, nodes: other })
    }
  }
  await Promise.all([work(), work(), work(), work()])
  expect(results.length).toBe(samples.length)
  for (const { i, ours: mine, nodes: other } of results) {
    expect(mine, samples[i]!.name).toEqual(other)
    expect(mine.body, samples[i]!.name).toBe(samples[i]!.body.toString('latin1'))
  }
})
