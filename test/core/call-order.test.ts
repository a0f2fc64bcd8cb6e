import { expect, test } from 'vitest'
import { callOrder } from '../../src/index.ts'

const calls = (...ids: unknown[]) => ({ role: 'assistant', tool_calls: ids.map((id) => ({ id })) })
const result = (id?: string) => ({ role: 'tool', tool_call_id: id })
const user = { role: 'user', content: 'Hi' }

test('results that came in another order than their calls are put into it, turn by turn', () => {
  const messages = [user, calls('a', 'b', 'c'), result('c'), result('a'), result('b'), user]
  expect(callOrder(messages)).toEqual([0, 1, 3, 4, 2, 5])
  const again = [...messages, calls('b', 'a'), result('a'), result('b')]
  expect(callOrder(again)).toEqual([0, 1, 3, 4, 2, 5, 6, 8, 7])
})

test('those of unknown calls keep their order behind the others', () => {
  expect(callOrder([calls('a', 'b'), result('x'), result('b'), result(), result('a')])).toEqual([0, 4, 2, 1, 3])
})

test.each([
  ['nothing', []],
  ['no results', [user, calls('a', 'b'), user]],
  ['results in order', [calls('a', 'b'), result('a'), result('b')]],
  ['one call', [calls('a'), result('b'), result('a')]],
  ['results apart', [calls('a', 'b'), result('b'), user, result('a')]],
  ['results without calls', [result('b'), result('a')]],
  [
    'what is no message',
    [null, 1, { role: 'assistant', tool_calls: [null, 'x'] }, { role: 'assistant', tool_calls: {} }],
  ],
])('%s: nothing to do', (_name, messages) => {
  expect(callOrder(messages)).toBeUndefined()
})
