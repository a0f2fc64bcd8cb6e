import { once } from 'node:events'
import { expect, it } from 'vitest'
import { streaming } from '../support/streaming.ts'
import { toEvent } from '../support/upstream.ts'

const chunk = (delta: object) => toEvent({ object: 'chat.completion.chunk', choices: [{ index: 0, delta }] })

it('accounts a stream that its client left by what was generated, marked as estimated', async () => {
  let gone: Promise<unknown> | undefined
  const { call, records } = await streaming('openai/m', (response) => {
    gone = once(response, 'close')
    response.write(chunk({ role: 'assistant', content: '' }) + chunk({ content: 'twelve bytes' }))
    response.write(chunk({ content: 'and "eight' }))
  })
  const reader = (await call()).body!.getReader()
  for (let text = ''; !text.includes('eight');) text += new TextDecoder().decode((await reader.read()).value)
  await reader.cancel()
  await gone
  // 12 bytes, and 11 as they are escaped; the body of the request is 69 characters.
  expect(records[0]).toMatchObject({ aborted: true, usage: { input: 18, output: 6, estimated: true } })
})

it('accounts a stream whose provider gave no usage by its text', async () => {
  const { call, records } = await streaming('openai/m', (response) => {
    response.end(`${chunk({ reasoning_content: 'hmmm' })}${chunk({ content: 'eight by' })}data: [DONE]\n\n`)
  })
  await (await call()).text()
  expect(records[0]!.usage).toEqual({ input: 18, output: 3, estimated: true })
  expect(records[0]!.aborted).toBe(false)
})

it('takes an error event in the middle of a stream for the failure it is, and sends it on as it came', async () => {
  const error = toEvent({ error: { message: 'overloaded', type: 'server_error', code: 'overloaded' } })
  const { call, records } = await streaming('openai/m', (response) => {
    response.write(chunk({ content: 'so far' }))
    setTimeout(() => response.end(error), 20)
  })
  const text = await (await call()).text()
  expect(text).toBe(chunk({ content: 'so far' }) + error)
  expect(records[0]).toMatchObject({ status: 200, error: { code: 'overloaded' } })
  expect(records[0]!.attempts).toMatchObject([{ status: 200, error: 'overloaded' }])
})

it('answers with the error where a stream begins with one', async () => {
  const { call } = await streaming('openai/m', (response) =>
    response.end(toEvent({ error: { message: 'Slow down.', type: 'rate_limit_error', code: 429 } })),
  )
  const response = await call()
  expect(response.status).toBe(429)
  expect(await response.json()).toMatchObject({ error: { message: 'openai: Slow down.' } })
})

it('lets a plugin see how far a stream is, and end it with a reason', async () => {
  let gone: Promise<unknown> | undefined
  const seen: (number | undefined)[] = []
  const { call, records } = await streaming(
    'openai/m',
    (response) => {
      gone = once(response, 'close')
      response.write(chunk({ content: 'twelve bytes' }))
      setTimeout(() => response.write(chunk({ content: 'four' })), 20)
    },
    (answer) => {
      const { body } = answer
      if (typeof body === 'string' || body instanceof Uint8Array) return
      body.tap({
        write() {
          seen.push(answer.progress?.())
          if (seen.length === 2) answer.stop?.({ status: 429, message: 'Enough.', type: 'enough', code: 'enough' })
        },
        end() {},
      })
    },
  )
  const text = await (await call()).text()
  await gone
  const error = toEvent({ error: { message: 'Enough.', type: 'enough', param: null, code: 'enough' } })
  expect(text).toBe(chunk({ content: 'twelve bytes' }) + chunk({ content: 'four' }) + error)
  expect(seen.slice(0, 2)).toEqual([3, 4])
  expect(records[0]).toMatchObject({ status: 200, error: { code: 'enough' }, usage: { output: 4, estimated: true } })
})
