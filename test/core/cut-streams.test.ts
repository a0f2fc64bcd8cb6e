import { expect, it } from 'vitest'
import type { Usage } from '../../src/index.ts'
import { streaming } from '../support/streaming.ts'
import type { Play } from '../support/streaming.ts'
import { toEvent } from '../support/upstream.ts'

/** What a call is accounted with whose client leaves when it has read `last`. */
async function usageAfter(last: string, { model, play }: { model: string; play: Play }): Promise<Usage | undefined> {
  const { call, records, ended } = await streaming(model, play)
  const reader = (await call()).body!.getReader()
  for (let text = ''; !text.includes(last);) text += new TextDecoder().decode((await reader.read()).value)
  await reader.cancel()
  await ended()
  expect(records[0]!.aborted).toBe(true)
  return records[0]!.usage
}

const named = (type: string, fields: object) => `event: ${type}\n${toEvent({ type, ...fields })}`
const textDelta = (text: string) => named('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
const START =
  named('message_start', {
    message: { id: 'msg_1', role: 'assistant', content: [], usage: { input_tokens: 10, output_tokens: 1 } },
  }) + named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } })
const END =
  named('content_block_stop', { index: 0 }) +
  named('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } }) +
  named('message_stop', {})

const chunk = (content: string, completion?: number) =>
  toEvent({
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content } }],
    ...(completion === undefined
      ? {}
      : { usage: { prompt_tokens: 10, completion_tokens: completion, total_tokens: 10 + completion } }),
  })

it('accounts what was generated where a provider told a usage only at the beginning', async () => {
  const play: Play = (response) => response.write(START + textDelta('a'.repeat(400)) + textDelta('the last'))
  const usage = await usageAfter('the last', { model: 'anthropic/m', play })
  expect(usage).toMatchObject({ input: 10, output: 102, estimated: true })
})

it('accounts what came after the last of the usages that a provider tells as it goes', async () => {
  const play: Play = (response) => {
    response.write(chunk('a'.repeat(400), 70))
    setTimeout(() => response.write(chunk('12345678')), 20)
  }
  const usage = await usageAfter('12345678', { model: 'openai/m', play })
  expect(usage).toMatchObject({ input: 10, output: 72, estimated: true })
})

it('takes the usage as it was told where nothing came after it', async () => {
  const play: Play = (response) => response.write(chunk('a'.repeat(400), 70))
  const usage = await usageAfter('aaaa', { model: 'openai/m', play })
  expect(usage).toMatchObject({ input: 10, output: 70 })
  expect(usage!.estimated).toBeUndefined()
})

it('accounts a stream that is ended with a reason by what was generated', async () => {
  let stopped = false
  const { call, records, ended } = await streaming(
    'anthropic/m',
    (response) => response.write(START + textDelta('a'.repeat(400))),
    (answer) => {
      const { body } = answer
      if (typeof body === 'string' || body instanceof Uint8Array) return
      body.tap({
        write() {
          if (stopped) return
          stopped = true
          answer.stop?.({ status: 429, message: 'Enough.', type: 'enough', code: 'enough' })
        },
        end() {},
      })
    },
  )
  expect(await (await call()).text()).toContain('Enough.')
  await ended()
  expect(records[0]!.usage).toMatchObject({ input: 10, output: 100, estimated: true })
})

it('accounts a stream that its provider breaks off by what was generated', async () => {
  const { call, records } = await streaming('anthropic/m', (response) => {
    response.write(START + textDelta('a'.repeat(400)))
    setTimeout(() => response.end(), 20)
  })
  expect(await (await call()).text()).toContain('ended before the message did')
  expect(records[0]!.usage).toMatchObject({ input: 10, output: 100, estimated: true })
})

it('accounts a whole stream as its provider says', async () => {
  const { call, records } = await streaming('anthropic/m', (response) =>
    response.end(START + textDelta('a'.repeat(400)) + END),
  )
  expect(await (await call()).text()).toContain('[DONE]')
  expect(records[0]!.usage).toEqual({ input: 10, output: 3 })
})
