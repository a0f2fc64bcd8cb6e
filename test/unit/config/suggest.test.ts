import { expect, it } from 'vitest'
import { closest, didYouMean } from '../../../src/config/suggest.ts'

const words = ['port', 'host', 'models', 'apiKey', 'additional_drop_params', 'max_tokens']

it.each([
  ['prot', 'port'],
  ['ports', 'port'],
  ['api_key', 'apiKey'],
  ['API-KEY', 'apiKey'],
  ['modle', 'models'],
  ['model', 'models'],
  ['aditional_drop_parms', 'additional_drop_params'],
  ['max_token', 'max_tokens'],
  ['pxyt', undefined],
  ['zzzzzz', undefined],
  ['', undefined],
])('%s → %s', (word, expected) => {
  expect(closest(word, words)).toBe(expected)
})

it('is written in brackets, or not at all', () => {
  expect(didYouMean('prot', words)).toBe(' (did you mean port?)')
  expect(didYouMean('zzzzzz', words)).toBe('')
})
