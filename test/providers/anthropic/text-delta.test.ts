import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTextDelta } from '../../../providers/anthropic/text-delta.ts'

const event = (text: unknown, more: object = {}) =>
  JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text, ...more } })

test.each([
  [event('Hello')],
  [event('')],
  [event('Grüße, 世界 🌍')],
  [event('{}, [1]: x')],
  [event('a').replace('"index":0', '"index":17')],
  [event('a').replace('}}', '}         }')],
])('%s is read without parsing', (data) => {
  expect(readTextDelta(data)).toBe(JSON.parse(data).delta.text)
})

test.each([
  [event('line\n')],
  [event('a "quoted" word')],
  [event('a\\')],
  [event('a', { more: 1 })],
  [event(1)],
  [event(null)],
  [event('a').replace('{"type"', '{ "type"')],
  [event('a').replace('text_delta', 'thinking_delta')],
  [event('a').slice(0, -4)],
  [event('a').replace('"index":0', '"index":0,"more":1')],
  ['{"type":"content_block_delta","index":0}'],
  ['{"type":"message_stop"}'],
  [''],
])('%s is left to the parser', (data) => {
  expect(readTextDelta(data)).toBeUndefined()
})

test('never differs from the parser', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '}', '{', ',', 'text":"', 'é', '🌍') })
  const more = fc.dictionary(fc.constantFrom('a', 'text', 'type'), text, { maxKeys: 1, noNullPrototype: true })
  fc.assert(
    fc.property(text, more, fc.nat(3), (value, extra, spaces) => {
      const data = event(value, extra).replace(/}}$/, `}${' '.repeat(spaces)}}`)
      const { delta } = JSON.parse(data)
      const read = readTextDelta(data)
      if (read !== undefined) expect(delta).toEqual({ type: 'text_delta', text: read })
    }),
    { numRuns: 2000 },
  )
})
