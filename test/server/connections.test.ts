import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { limitConnections, mostByDescriptors } from '../../src/server/connections.ts'
import { createLiveGateway } from '../../src/server/live-gateway.ts'
import { listen } from '../../src/server/serve.ts'
import { logger } from '../../src/logger.ts'
import { until } from '../suites/gateway-under-test.ts'
import { sendRaw } from '../support/raw.ts'

const REQUEST = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'
const server = createServer((_request, response) => void response.end('hello'))
let most = 1
let port: number
const sockets: Socket[] = []

beforeEach(async () => {
  logger.setReporters([])
  if (server.listening) return
  limitConnections(server, () => most)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

function open() {
  const state = { text: '', closed: false }
  const socket = connect(port, '127.0.0.1')
  socket.on('data', (chunk) => (state.text += chunk.toString()))
  socket.on('close', () => (state.closed = true))
  socket.on('error', () => {})
  sockets.push(socket)
  return { socket, state }
}

/** A connection that is taken: as soon as the one before is gone. */
async function hold() {
  for (;;) {
    const opened = open()
    opened.socket.write(REQUEST)
    await until('an answer', () => opened.state.text.includes('\r\n\r\n'))
    if (opened.state.text.includes('hello')) return opened
  }
}

describe('more connections than there may be', () => {
  it('get 503 for their request and are closed, and others go on', async () => {
    const first = await hold()
    const { status, headers, body } = await sendRaw({ port, send: REQUEST, untilClose: true })
    expect([status, headers['connection'], headers['retry-after']]).toEqual([503, 'close', '2'])
    expect(JSON.parse(body)).toMatchObject({ error: { type: 'overloaded_error', code: 'overloaded' } })
    first.socket.write(REQUEST)
    await until('the next answer', () => first.state.text.split('hello').length === 3)
  })
  it('are taken when there is room again, and when the config says so', async () => {
    const first = await hold()
    most = 2
    expect((await sendRaw({ port, send: REQUEST })).status).toBe(200)
    most = 1
    first.socket.destroy()
    expect((await hold()).state.text).toContain('200 OK')
  })
  it('are closed where they say nothing, and at once where there are too many of them', async () => {
    const first = await hold()
    const silent = Array.from({ length: 70 }, () => open())
    await until('the end of all', () => silent.every(({ state }) => state.closed))
    expect(silent.every(({ state }) => state.text === '')).toBe(true)
    expect(first.state.closed).toBe(false)
  })
})

it('leaves half of the descriptors to providers', () => {
  expect(mostByDescriptors(() => 'Max processes 1 1\nMax open files            1024    4096    files\n')).toBe(448)
  expect(mostByDescriptors(() => 'Max open files            unlimited   unlimited   files\n')).toBe(Infinity)
  expect(mostByDescriptors(() => 'Max open files            64   64   files\n')).toBe(1)
  expect(mostByDescriptors(() => '')).toBe(Infinity)
})

it('holds for what `gateway start` and `gateway dev` open, by the config of now', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'ungate-connections-'))
  onTestFinished(() => rm(cwd, { recursive: true }))
  await writeFile(join(cwd, 'gateway.config.yaml'), 'limits: { connections: 1, calls: 5 }\n')
  const live = await createLiveGateway({ cwd })
  for (const dev of [false, true]) {
    const listening = await listen({ live, port: 0, host: '127.0.0.1', dev })
    const own = connect(listening.port, '127.0.0.1')
    const closed = new Promise((resolve) => own.on('close', resolve))
    own.on('error', () => {})
    await new Promise((resolve) => own.on('connect', resolve))
    const send = 'GET /health/liveness HTTP/1.1\r\nhost: x\r\n\r\n'
    expect((await sendRaw({ port: listening.port, send })).status).toBe(503)
    await writeFile(join(cwd, 'gateway.config.yaml'), 'limits: { connections: 2, calls: 5 }\n')
    expect(await live.reload()).toBe(true)
    expect((await sendRaw({ port: listening.port, send })).status).toBe(200)
    await writeFile(join(cwd, 'gateway.config.yaml'), 'limits: { connections: 1, calls: 5 }\n')
    await live.reload()
    own.destroy()
    await closed
    listening.server.closeAllConnections()
    await new Promise((resolve) => listening.server.close(resolve))
  }
  await live.close()
})
