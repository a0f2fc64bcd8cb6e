import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlainChat } from '../../src/quick-check.ts'
import { chatRequestSchema } from '../../src/schemas.ts'

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    false,
    '',
    'x',
    'user',
    0,
    -1,
    1,
    1.5,
    2,
    3,
    2 ** 60,
    NaN,
    Infinity,
    [],
    {},
    [1],
    ['x'],
  ),
  fc.string(),
  fc.double(),
)
const message = fc.oneof(
  fc.record({ role: fc.constantFrom('user', 'assistant', 'system', 'developer'), content: fc.string() }),
  fc.record({ role: fc.oneof(fc.constantFrom('user', 'tool'), odd), content: odd, name: odd }, { requiredKeys: [] }),
  odd,
)
const fields = [
  'stream',
  'temperature',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
  'user',
  'reasoning_effort',
  'n',
  'tools',
  'other',
]
const body = fc
  .tuple(
    fc.record({ model: fc.oneof(fc.constant('m'), odd), messages: fc.oneof(fc.array(message, { maxLength: 3 }), odd) }),
    fc.dictionary(fc.constantFrom(...fields), odd),
  )
  .map(([base, more]) => ({ ...base, ...more }))

describe('isPlainChat', () => {
  it('lets nothing pass that the schema would refuse', () => {
    fc.assert(
      fc.property(body, (value) => !isPlainChat(value) || chatRequestSchema.safeParse(value).success),
      { numRuns: 20_000 },
    )
  })

  it('lets the usual request pass', () => {
    const usual = {
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      temperature: 0.7,
      max_tokens: 5,
      stream: true,
    }
    expect(isPlainChat(usual)).toBe(true)
    expect(isPlainChat({ ...usual, tools: [] })).toBe(false)
  })
})
