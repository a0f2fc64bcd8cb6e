// The upstream of the soak test: its own process. Answers as payloads.ts has them; one call in twenty meets a fault.
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { JSON_ANSWER, openAIEvents } from '../payloads.ts'

const EVENTS = openAIEvents(true)
const BURST = EVENTS.join('')
const CHUNK_MS = 20

/** The share of calls that meet a fault. */
const FAULTS = 0.05

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const kind = Buffer.concat(chunks).includes('"stream":true')
      ? request.url!.startsWith('/paced')
        ? 'paced'
        : 'burst'
      : 'json'
    if (Math.random() < FAULTS) fault(response, kind)
    else answer(response, kind)
  })
  response.on('error', () => response.destroy())
})
server.keepAliveTimeout = 30_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port))
process.on('disconnect', () => process.exit(0))

type Kind = 'json' | 'burst' | 'paced'

function answer(response: ServerResponse, kind: Kind): void {
  if (kind === 'json') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(JSON_ANSWER) })
    response.end(JSON_ANSWER)
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  if (kind === 'burst') response.end(BURST)
  else pace(response)
}

function pace(response: ServerResponse): void {
  let at = 0
  const timer = setInterval(() => {
    response.write(EVENTS[at++]!)
    if (at === EVENTS.length) response.end()
    if (at === EVENTS.length || response.destroyed) clearInterval(timer)
  }, CHUNK_MS)
  response.once('close', () => clearInterval(timer))
}

/** Refused, told to wait, cut before or within the answer, or late by a second. */
function fault(response: ServerResponse, kind: Kind): void {
  const dice = Math.floor(Math.random() * 5)
  if (dice === 0) refuse(response, 500, 'The server had an error')
  else if (dice === 1) refuse(response, 429, 'Rate limit reached', { 'retry-after': '0' })
  else if (dice === 2) response.destroy()
  else if (dice === 3) setTimeout(() => !response.destroyed && answer(response, kind), 1000)
  else {
    response.writeHead(200, { 'content-type': kind === 'json' ? 'application/json' : 'text/event-stream' })
    response.write(kind === 'json' ? JSON_ANSWER.slice(0, 100) : EVENTS.slice(0, 20).join(''))
    setTimeout(() => response.destroy(), 5)
  }
}

function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ error: { message, type: 'server_error', param: null, code: null } }))
}
