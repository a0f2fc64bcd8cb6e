import { invalidRequest } from '../../src/index.ts'
import type { MockAnswer } from './events.ts'
import { textOf } from './fields.ts'
import type { MockRequest } from './request.ts'

const CATEGORIES = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
]

/**
 * Answers `POST /moderations`: nothing is flagged but texts with the mark `[mock:flag]`, which count as harassment.
 * Throws a 400.
 */
export function answerModerations({ body, id, model }: MockRequest): MockAnswer {
  const { input } = body
  if (typeof input !== 'string' && !Array.isArray(input)) {
    throw invalidRequest('`input` must be a string or a list.', 'input')
  }
  // A list of strings is several inputs, a list of parts is one.
  const texts = Array.isArray(input) && input.every((one) => typeof one === 'string') ? input : [textOf(input)]
  return { tokens: 0, json: { id: `modr-${id}`, model, results: texts.map(judge) } }
}

function judge(text: string) {
  const flagged = text.includes('[mock:flag]')
  const hit = (category: string) => flagged && category === 'harassment'
  const each = <T>(value: (category: string) => T) => Object.fromEntries(CATEGORIES.map((name) => [name, value(name)]))
  return {
    flagged,
    categories: each(hit),
    category_scores: each((category) => (hit(category) ? 0.99 : 0.01)),
    category_applied_input_types: each(() => ['text']),
  }
}
