import { expect, it, onTestFinished } from 'vitest'
import { ByteStream, createGateway, definePlugin, GatewayError, z } from '../../src/index.ts'
import type { Answer, LogRecord } from '../../src/index.ts'

/** A gateway whose plugin writes down what happens, in order. */
async function watched(record: (entry: LogRecord) => void = () => {}) {
  const events: string[] = []
  const records: LogRecord[] = []
  const answers: (Answer | undefined)[] = []
  const plugin = definePlugin({
    name: 'watch',
    order: 'pre',
    options: z.object({}),
    setup: () => ({
      auth(ctx) {
        ctx.onSettle(() => void events.push('settle, registered first'))
        if (ctx.call.model === 'refused') throw new GatewayError(403, 'No.')
        ctx.onSettle(() => void events.push('settle, registered last'))
      },
      record(entry, ctx, answer) {
        events.push(`record ${ctx.id === entry.id}`)
        records.push(entry)
        answers.push(answer)
        record(entry)
      },
      log: () => void events.push('log'),
    }),
  })
  const gateway = await createGateway(
    {
      models: [{ name: 'mock', model: 'mock/mock' }],
      providers: { mock: { pace: 0, latency: 0 } },
      use: [plugin],
    },
    { env: {} },
  )
  onTestFinished(() => gateway.close())
  const call = (body: Record<string, unknown>) =>
    gateway.fetch('http://localhost/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'mock', messages: [{ role: 'user', content: 'Hi' }], ...body }),
    })
  return { gateway, call, events, records, answers }
}

const ORDER = ['settle, registered last', 'settle, registered first', 'record true']

it('runs once, after the settle closures and before a whole answer is out', async () => {
  const { call, events, records, answers } = await watched()
  const response = await call({})
  expect(events).toEqual(ORDER)
  await response.text()
  expect(records).toHaveLength(1)
  expect(records[0]).toMatchObject({ status: 200, model: 'mock', provider: 'mock', usage: { input: 5 } })
  expect(records[0]!.queueMs).toBeGreaterThan(0)
  expect(records[0]!.queueMs).toBeLessThan(records[0]!.ms)
  expect(answers[0]?.body).toBeInstanceOf(Uint8Array)
})

it('runs before the last byte of a stream is out', async () => {
  const { call, events, answers } = await watched()
  const reader = (await call({ stream: true })).body!.getReader()
  const decoder = new TextDecoder()
  for (let text = ''; ;) {
    const { done, value } = await reader.read()
    if (done) break
    text += decoder.decode(value)
    if (text.includes('[DONE]')) expect(events.slice(0, 3)).toEqual(ORDER)
  }
  expect(events.filter((event) => event.startsWith('record'))).toHaveLength(1)
  expect(answers[0]?.body).toBeInstanceOf(ByteStream)
})

it('runs for a call that was refused, without an answer', async () => {
  const { call, events, records, answers } = await watched()
  expect((await call({ model: 'refused' })).status).toBe(403)
  expect(events).toEqual(['settle, registered first', 'record true'])
  expect(records[0]).toMatchObject({ status: 403, attempts: [], error: { message: 'No.' } })
  expect([records[0]!.queueMs, answers[0]]).toEqual([undefined, undefined])
})

it('does not touch the answer when it fails', async () => {
  const { call, events } = await watched(() => {
    throw new Error('the disk is gone')
  })
  const response = await call({})
  expect(response.status).toBe(200)
  await response.text()
  expect(events[2]).toBe('record true')
})
