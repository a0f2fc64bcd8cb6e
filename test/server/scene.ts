import type { AddressInfo } from 'node:net'
import type { Socket } from 'node:net'
import type { ServerOptions } from 'node:http'
import { afterAll, beforeAll } from 'vitest'
import { createGateway, definePlugin, toNodeListener, z } from '../../src/index.ts'
import type { Gateway, GatewayConfig, LogRecord, Outcome } from '../../src/index.ts'
import { ByteStream } from '../../src/byte-stream.ts'
import { directCalls } from '../../src/direct-calls.ts'
import { GatewayServer } from '../../src/server/direct/gateway-server.ts'
import { hardenServer, serverOptions } from '../../src/server/http-server.ts'
import { until } from '../suites/gateway-under-test.ts'
import { postHead } from '../support/raw.ts'
import { instantMock } from '../support/serve.ts'

/** The two ways that a request can go; a query makes it Node's. */
export const WAYS = [
  { way: 'direct', query: '', direct: true },
  { way: "Node's", query: '?x=1', direct: false },
] as const

/** What the gateway is to answer with, in place of a provider. */
export interface Wanted {
  readonly answer?: string
  /** In place of `answer`: a letter, so often. */
  readonly long?: readonly [letter: string, times: number]
  /** In place of `answer`: what the first message says. */
  readonly echo?: boolean
  readonly bytes?: boolean
  readonly status?: number
  /** Of the answer. */
  readonly headers?: Record<string, unknown>
  /** Of the call, as plugins set them. */
  readonly set?: Record<string, unknown>
  /** The name of a stream that the test writes. */
  readonly stream?: string
  /** The stream has `long` in it, and throws where it is to go on. */
  readonly breaks?: boolean
  /** Not before the test says so. */
  readonly wait?: string
}

/** A stream that the test writes. */
export interface TestStream {
  readonly stream: ByteStream
  paused: boolean
  cancelled: boolean
  push(text: string): void
}

export interface Scene {
  gateway: Gateway
  server: GatewayServer
  port: number
  readonly records: LogRecord[]
  readonly outcomes: Outcome[]
  /** What was asked for, in order. */
  readonly asked: Wanted[]
  /** The stream that a request asked for. */
  stream(name: string): Promise<TestStream>
  /** The server's side of a client's connection. */
  socketOf(client: Socket): Promise<Socket>
  /** Lets a request go on. */
  release(name: string): Promise<void>
}

/** Within a test file: a gateway on a socket that answers as its requests say. */
export function scene(config: GatewayConfig = {}, options: ServerOptions = {}): Scene {
  const streams = new Map<string, TestStream>()
  const waiting = new Map<string, () => void>()
  const sockets: Socket[] = []
  const records: LogRecord[] = []
  const outcomes: Outcome[] = []
  const asked: Wanted[] = []
  const answers = definePlugin({
    name: 'answers',
    order: 'pre',
    options: z.object({}),
    setup: () => ({
      async auth(ctx) {
        const wanted = (ctx.call.body['metadata'] ?? {}) as Wanted
        ctx.onSettle((outcome) => void outcomes.push(outcome))
        asked.push(wanted)
        if (wanted.wait !== undefined) await new Promise<void>((go) => waiting.set(wanted.wait!, go))
        Object.assign(ctx.headers, wanted.set)
        const body = wanted.echo ? textOf(ctx.call.body) : bodyOf(wanted, streams)
        if (body === undefined) return undefined
        const headers = { 'content-type': 'application/json', ...wanted.headers } as Record<string, string>
        return { status: wanted.status ?? 200, headers, body }
      },
      log: (record) => void records.push(record),
    }),
  })
  const found = {
    records,
    outcomes,
    asked,
    async stream(name) {
      await until(`the stream ${name}`, () => streams.has(name))
      return streams.get(name)!
    },
    async socketOf(client) {
      await until('the client', () => client.localPort !== undefined)
      const own = () => sockets.find((socket) => socket.remotePort === client.localPort)
      await until('the connection', () => own() !== undefined)
      return own()!
    },
    async release(name) {
      await until(`the request ${name}`, () => waiting.has(name))
      waiting.get(name)!()
      waiting.delete(name)
    },
  } as Scene
  beforeAll(async () => {
    found.gateway = await createGateway(
      { ...instantMock, ...config, use: [answers, ...(config.use ?? [])] },
      { env: {} },
    )
    found.server = new GatewayServer({ ...serverOptions, ...options }, toNodeListener(found.gateway), () =>
      directCalls(found.gateway),
    )
    hardenServer(found.server)
    found.server.on('connection', (socket) => void sockets.push(socket))
    await new Promise<void>((resolve) => found.server.listen(0, '127.0.0.1', resolve))
    found.port = (found.server.address() as AddressInfo).port
  })
  afterAll(async () => {
    found.server.closeAllConnections()
    if (found.server.listening) await new Promise((resolve) => found.server.close(resolve))
    await found.gateway.close()
  })
  return found
}

function bodyOf(wanted: Wanted, streams: Map<string, TestStream>): string | Uint8Array | ByteStream | undefined {
  if (wanted.stream !== undefined) return newStream(wanted, streams)
  const text = wanted.long ? wanted.long[0].repeat(wanted.long[1]) : wanted.answer
  return wanted.bytes && text !== undefined ? new TextEncoder().encode(text) : text
}

function textOf(body: Readonly<Record<string, unknown>>): string {
  return (body['messages'] as { content: string }[])[0]!.content
}

function newStream({ stream: name = '', breaks, long }: Wanted, streams: Map<string, TestStream>): ByteStream {
  const made: TestStream = {
    stream: new ByteStream({
      pause: () => void (made.paused = true),
      resume() {
        made.paused = false
        if (breaks) throw new Error('a source that breaks')
      },
      cancel: () => void (made.cancelled = true),
    }),
    paused: false,
    cancelled: false,
    push: (text) => made.stream.push(Buffer.from(text)),
  }
  if (breaks && long) made.push(long[0].repeat(long[1]))
  streams.set(name, made)
  return made.stream
}

/** The body of a request for it. */
export function chat(wanted: Wanted, content = 'hi'): string {
  const messages = [{ role: 'user', content }]
  return JSON.stringify({ model: 'mock', messages, metadata: wanted })
}

/** A request for it, whole. */
export function ask(
  wanted: Wanted,
  options: { query?: string; headers?: Record<string, string>; content?: string } = {},
): string {
  const text = Buffer.from(chat(wanted, options.content)).toString('latin1')
  const head = { 'content-type': 'application/json', 'content-length': text.length, ...options.headers }
  return postHead(`/v1/chat/completions${options.query ?? ''}`, head) + text
}
