import { expect } from 'vitest'
import type { GatewayUnderTest } from './gateway-under-test.ts'
import { until, within } from './gateway-under-test.ts'
import { readDatas } from './sse-reader.ts'
import { PROMPTS } from './suite-provider.ts'

export interface CallOptions {
  /** Headers with which calls are admitted. */
  headers?: Record<string, string>
}

/** The outcomes of {@link makeEveryKindOfCall}, as its log records must tell them, in order. */
export const OUTCOMES = [
  { kind: 'whole', status: 200, stream: false, aborted: false },
  { kind: 'streamed', status: 200, stream: true, aborted: false },
  { kind: 'failed', status: 500, stream: false, aborted: false },
  { kind: 'unknown model', status: 404, stream: false, aborted: false },
  { kind: 'left before the answer', status: 499, stream: false, aborted: true },
  { kind: 'left mid-stream', status: 200, stream: true, aborted: true },
] as const

const ADMIT = 'give the suite `options` or `headers` with which such calls are admitted'

/** Makes one call of every kind that ends in a log record, and checks what the client sees. */
export async function makeEveryKindOfCall(under: GatewayUnderTest, { headers = {} }: CallOptions = {}): Promise<void> {
  const ask = (prompt: string, more: Record<string, unknown> = {}, signal?: AbortSignal) => {
    const body = { model: 'suite', messages: [{ role: 'user', content: prompt }], ...more }
    return within(`an answer to "${prompt}"`, under.post(body, { headers, ...(signal ? { signal } : {}) }))
  }

  const whole = await ask('one')
  expect(whole.status, `an ordinary call was refused (${ADMIT}): ${await whole.clone().text()}`).toBe(200)
  expect(await whole.json()).toMatchObject({ choices: [{ message: { content: 'Hello' } }] })

  const streamed = await ask('two', { stream: true })
  expect(streamed.status).toBe(200)
  const datas = readDatas(await within('the stream', streamed.text()))
  expect(datas.at(-1)).toBe('[DONE]')

  const failed = await ask(PROMPTS.fail)
  expect(failed.status).toBe(500)
  expect(await failed.json()).toMatchObject({ error: { message: expect.stringContaining('It failed.') } })

  const unknown = await ask('three', { model: 'no-such-model' })
  expect(unknown.status).toBe(404)
  expect(await unknown.json()).toMatchObject({ error: { code: 'model_not_found', param: 'model' } })

  const leaving = new AbortController()
  const settledBefore = under.settled.length
  const left = ask(PROMPTS.stall, {}, leaving.signal).catch(() => undefined)
  await until('the call to be under way', () => under.gateway.inFlight() === 1)
  leaving.abort()
  await left
  await until('the call to be over', () => under.gateway.inFlight() === 0)

  const cut = await ask(PROMPTS.cut, { stream: true })
  const reader = cut.body!.getReader()
  await within('the first chunk', reader.read())
  await reader.cancel()
  await until('the stream to be over', () => under.gateway.inFlight() === 0)
  expect(under.settled.slice(settledBefore).map(({ outcome }) => outcome.aborted)).toEqual([true, true])
}
