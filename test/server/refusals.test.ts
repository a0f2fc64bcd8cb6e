import { connect } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ADMISSION, createAdmission } from '../../src/admission.ts'
import { createGateway } from '../../src/index.ts'
import { logger } from '../../src/logger.ts'
import { until } from '../suites/gateway-under-test.ts'
import { postHead, sendRaw } from '../support/raw.ts'
import { instantMock } from '../support/serve.ts'
import { WAYS, ask, chat, scene } from './scene.ts'

const at = scene({ limits: { calls: 1 } })

/** Takes the only place, until it is given back. */
async function occupy(): Promise<() => Promise<void>> {
  const name = `wait-${Math.random()}`
  const answer = sendRaw({ port: at.port, send: ask({ wait: name, answer: '{}' }) })
  await until('the call', () => at.gateway.inFlight() === 1)
  return async () => {
    await at.release(name)
    expect((await answer).status).toBe(200)
    await until('the end', () => at.gateway.inFlight() === 0)
  }
}

/** A connection that stays. */
function client() {
  const socket = connect(at.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString()))
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return { socket, text: () => text, answers: () => text.match(/HTTP\/1\.1 \d+/g) ?? [] }
}

describe.each(WAYS)('a call for which there is no room, $way', ({ query }) => {
  it('gets 503 in the dialect, with a time and its id', async () => {
    const free = await occupy()
    const asked = at.asked.length
    const headers = { 'x-litellm-call-id': 'mine-1' }
    const { status, headers: got, body } = await sendRaw({ port: at.port, send: ask({}, { query, headers }) })
    expect(status).toBe(503)
    expect(got['retry-after']).toMatch(/^[1-4]$/)
    expect(got['x-litellm-call-id']).toBe('mine-1')
    expect(JSON.parse(body)).toEqual({
      error: {
        message: expect.stringContaining('overloaded') as string,
        type: 'overloaded_error',
        param: null,
        code: 'overloaded',
      },
    })
    expect(at.asked.length).toBe(asked)
    await free()
  })
  it('keeps its connection, which is used when there is room', async () => {
    const free = await occupy()
    const { socket, answers } = client()
    socket.write(ask({ answer: '{}' }, { query }))
    await until('the refusal', () => answers().length === 1)
    socket.write(ask({ answer: '{}' }, { query }))
    await until('the second one', () => answers().length === 2)
    await free()
    socket.write(ask({ answer: '{}' }, { query }))
    await until('the answer', () => answers().length === 3)
    expect(answers()).toEqual(['HTTP/1.1 503', 'HTTP/1.1 503', 'HTTP/1.1 200'])
  })
  it('is answered before its body is there, which nobody reads as a request', async () => {
    const free = await occupy()
    const { socket, answers } = client()
    const request = ask({ answer: '{}' }, { query, content: 'POST /v1/x HTTP/1.1\r\n\r\n'.repeat(20) })
    const cut = request.indexOf('\r\n\r\n') + 10
    socket.write(Buffer.from(request.slice(0, cut), 'latin1'))
    await until('the refusal', () => answers().length === 1)
    await free()
    socket.write(Buffer.from(request.slice(cut, cut + 50), 'latin1'))
    const rest = request.slice(cut + 50) + ask({ answer: '{"next":1}' }, { query })
    socket.write(Buffer.from(rest, 'latin1'))
    await until('the next answer', () => answers().length === 2)
    expect(answers()).toEqual(['HTTP/1.1 503', 'HTTP/1.1 200'])
  })
  it('is refused when its body has come, where there was room before', async () => {
    const { socket, answers } = client()
    const request = ask({ answer: '{}' }, { query: '' })
    const cut = request.indexOf('\r\n\r\n') + 10
    socket.write(Buffer.from(request.slice(0, cut), 'latin1'))
    const server = await at.socketOf(socket)
    await until('the head', () => server.bytesRead === cut)
    const free = await occupy()
    socket.write(Buffer.from(request.slice(cut), 'latin1'))
    await until('the refusal', () => answers().length === 1)
    expect(answers()).toEqual(['HTTP/1.1 503'])
    await free()
  })
})

it('closes the connection of a long body', async () => {
  const free = await occupy()
  const head = postHead('/v1/chat/completions', { 'content-type': 'application/json', 'content-length': 5_000_000 })
  const { status, headers } = await sendRaw({ port: at.port, send: head })
  expect([status, headers['connection']]).toEqual([503, 'close'])
  await free()
})

it('answers everything that is not a call', async () => {
  const free = await occupy()
  const get = async (path: string) => {
    const answer = await sendRaw({ port: at.port, send: `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n` })
    return answer.status
  }
  for (const path of ['/health/readiness', '/health/liveness', '/routes', '/test']) {
    expect([path, await get(path)]).toEqual([path, 200])
  }
  expect(await get('/v1/files')).toBe(503)
  await free()
})

it('counts and refuses calls of fetch in process, and leaves those of the gateway itself', async () => {
  const free = await occupy()
  const request = { method: 'POST', body: chat({ answer: '{}' }), headers: { 'content-type': 'application/json' } }
  expect((await at.gateway.fetch('http://x/v1/chat/completions', request)).status).toBe(503)
  const body = JSON.parse(chat({ answer: '{}' })) as Record<string, unknown>
  const { status } = await at.gateway.run({ wire: 'openai.chat', path: '/chat/completions', body })
  expect(status).toBe(200)
  await free()
})

it('goes on counting where another gateway follows', async () => {
  const admission = createAdmission()
  const before = await createGateway(instantMock, { env: {}, [ADMISSION]: admission })
  const after = await createGateway({ ...instantMock, limits: { calls: 1 } }, { env: {}, [ADMISSION]: admission })
  const request = { method: 'POST', body: JSON.stringify({ model: 'mock', messages: [{ role: 'user', content: '' }] }) }
  const ask = async () => (await after.fetch('http://x/v1/chat/completions', request)).status
  expect(await ask()).toBe(200)
  admission.calls++
  expect(await ask()).toBe(503)
  admission.calls--
  await Promise.all([before.close(), after.close()])
})

describe('the limit of an overload', () => {
  it('takes calls below it at the beginning of a turn', async () => {
    const admission = Object.assign(createAdmission(), { limit: 2, calls: 1 })
    expect(admission.takes()).toBe(true)
    const began = performance.now()
    const clock = vi.spyOn(performance, 'now')
    onTestFinished(() => void clock.mockRestore())
    clock.mockReturnValue(began + 1000)
    expect(admission.takes()).toBe(false)
    await new Promise((resolve) => setImmediate(resolve))
    expect(admission.takes()).toBe(true)
    admission.calls = 2
    expect(admission.takes()).toBe(false)
    admission.limit = Infinity
    expect(admission.takes()).toBe(true)
  })
  it('is told once when calls are refused, and once when it is over', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const said: unknown[][] = []
    logger.setReporters([{ log: ({ type, args }) => void said.push([type, ...args]) }])
    const admission = Object.assign(createAdmission(), { calls: 7 })
    for (let i = 0; i < 12; i++) {
      for (let n = 0; n < 100; n++) admission.refuse('id')
      vi.advanceTimersByTime(1000)
    }
    expect(said).toEqual([['warn', 'Overloaded: further calls get 503 (7 in progress)']])
    expect(admission.overloaded).toBe(true)
    vi.advanceTimersByTime(60_000)
    expect(admission.overloaded).toBe(false)
    expect(said.slice(1)).toEqual([['info', 'No longer overloaded: in 12 s 1200 calls were refused']])
    expect(admission.refused).toBe(1200)
  })
  it('spreads those who are told to come again', () => {
    const admission = createAdmission()
    const times = Array.from({ length: 4 }, () => admission.refuse('id').headers['retry-after'])
    expect(new Set(times).size).toBe(4)
  })
})
