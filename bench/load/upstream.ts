// The mock upstream: its own process, raw sockets, answers made beforehand. It must be faster than what is measured.
import { createServer } from 'node:net'
import { setPriority } from 'node:os'
import type { Socket } from 'node:net'
import { anthropicEvents, JSON_ANSWER, KINDS, openAIEvents } from '../payloads.ts'
import type { Kind } from '../payloads.ts'
import { lookAgain } from './when-due.ts'

interface Head {
  readonly kind: Kind | 'last' | 'unknown'
  readonly length: number
}

const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n'
const frame = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
// One HTTP chunk per event, as servers that write event by event send it; a burst is one write.
const whole = (events: string[]) => Buffer.from(`${STREAM_HEAD}${events.map(frame).join('')}0\r\n\r\n`)

const json = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(JSON_ANSWER)}\r\n\r\n${JSON_ANSWER}`,
)
const burst = [whole(openAIEvents(false)), whole(openAIEvents(true))] as const
const anthropic = whole(anthropicEvents())
const paced = [toSteps(openAIEvents(false)), toSteps(openAIEvents(true))] as const
const streamHead = Buffer.from(STREAM_HEAD)

/** The last request, for the checks before measuring. */
let last: { head: string; body: Buffer } = { head: '', body: Buffer.alloc(0) }

const server = createServer({ noDelay: true }, serve)
server.listen(0, '127.0.0.1', 16_384, () => process.send?.((server.address() as { port: number }).port))
process.on('disconnect', () => process.exit(0))

function serve(socket: Socket): void {
  let waiting: Buffer | undefined
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    let bytes = waiting ? Buffer.concat([waiting, chunk]) : chunk
    waiting = undefined
    while (bytes.length > 0) {
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) break
      const text = bytes.toString('latin1', 0, end)
      const head = readHead(text)
      if (head.length < 0) {
        socket.end('HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\n\r\n')
        return
      }
      const total = end + 4 + head.length
      if (bytes.length < total) break
      answer(socket, head.kind, text, bytes.subarray(end + 4, total))
      bytes = bytes.subarray(total)
    }
    if (bytes.length > 0) waiting = bytes
  })
}

const heads = new Map<string, Head>()

/** Clients send the same head again and again: read once. A body without a length (-1) is refused. */
function readHead(text: string): Head {
  let head = heads.get(text)
  if (!head) {
    const name = /^\w+ \/(\w+)/.exec(text)?.[1] ?? ''
    const length = /^content-length: *(\d+)/im.exec(text)?.[1]
    const chunked = /^transfer-encoding: *chunked/im.test(text)
    const kind = KINDS.find((known) => known === name) ?? (name === 'last' ? 'last' : 'unknown')
    head = { kind, length: chunked ? -1 : Number(length ?? 0) }
    if (heads.size > 1000) heads.clear()
    heads.set(text, head)
  }
  return head
}

function answer(socket: Socket, kind: Head['kind'], head: string, body: Buffer): void {
  if (kind === 'json') socket.write(json)
  else if (kind === 'anthropic') socket.write(anthropic)
  else if (kind === 'burst') socket.write(burst[wantsUsage(body)])
  else if (kind === 'paced20') pace(socket, 20, paced[wantsUsage(body)])
  else if (kind === 'paced50') pace(socket, 50, paced[wantsUsage(body)])
  else return tell(socket, kind)
  last = { head, body }
}

function tell(socket: Socket, kind: 'last' | 'unknown'): void {
  const text = JSON.stringify({ head: last.head, body: last.body.toString() })
  const status = kind === 'last' ? '200 OK' : '404 Not Found'
  socket.write(`HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}

const USAGE = Buffer.from('"include_usage":true')
const USAGE_SPACED = Buffer.from('"include_usage": true')

function wantsUsage(body: Buffer): 0 | 1 {
  return body.includes(USAGE) || body.includes(USAGE_SPACED) ? 1 : 0
}

/** One write per step; the last one brings `[DONE]` and the end of the body. */
function toSteps(events: string[]): Buffer[] {
  const steps = events.slice(0, -1).map((event) => Buffer.from(frame(event)))
  return [...steps, Buffer.from(`${frame(events.at(-1)!)}0\r\n\r\n`)]
}

interface Paced {
  readonly socket: Socket
  readonly steps: readonly Buffer[]
  readonly period: number
  at: number
  /** When the next chunk is. */
  due: number
}

/** The streams of each period, the one that is due next first. */
const lanes = new Map<number, Paced[]>()
let driving = false

/** Chunks leave when they are due, not all of a millisecond together: the streams of a provider are not in step. */
function pace(socket: Socket, period: number, steps: readonly Buffer[]): void {
  const lane = lanes.get(period) ?? []
  lanes.set(period, lane)
  socket.write(Buffer.concat([streamHead, steps[0]!]))
  lane.push({ socket, steps, period, at: 1, due: performance.now() + period })
  if (driving) return
  driving = true
  polite(true)
  setImmediate(drive)
}

function drive(): void {
  const now = performance.now()
  let next = Infinity
  for (const lane of lanes.values()) {
    while (lane.length > 0 && lane[0]!.due <= now) {
      const stream = lane.shift()!
      if (step(stream)) lane.push(stream)
    }
    next = Math.min(next, lane[0]?.due ?? Infinity)
  }
  if (next === Infinity) {
    driving = false
    polite(false)
  } else lookAgain(next - now, drive)
}

/** While it does not sleep, whoever shares the core goes first. */
function polite(yes: boolean): void {
  try {
    setPriority(yes ? 10 : 0)
  } catch {
    // Only root may come back: then all variants meet a polite upstream.
  }
}

/** Whether there is more to come. */
function step(stream: Paced): boolean {
  const { socket, steps } = stream
  if (socket.destroyed) return false
  socket.write(steps[stream.at++]!)
  stream.due += stream.period
  return stream.at < steps.length
}
