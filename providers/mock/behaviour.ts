/** One row of the documentation: a model name and what it does. */
export interface BehaviourInfo {
  /** The public name; `<…>` is filled in by the caller. */
  readonly model: string
  /** A name that works as it is, without `mock/`: what the model list shows. */
  readonly example: string
  readonly does: string
}

/** Everything the mock can be asked for by model name. */
export const BEHAVIOURS: readonly BehaviourInfo[] = [
  {
    model: 'mock',
    example: 'mock',
    does: 'Answers with a sentence that repeats the last user message; calls tools and keeps to JSON schemas if given.',
  },
  { model: 'mock/<anything>', example: 'any-name', does: 'The same as `mock`, for every name that is not below.' },
  { model: 'mock/echo', example: 'echo', does: "Answers with exactly the last user message's text." },
  { model: 'mock/<n>-tokens', example: '100-tokens', does: 'Answers with exactly n tokens (at most 100000).' },
  { model: 'mock/reasoning', example: 'reasoning', does: 'Thinks before it answers: `reasoning_content`.' },
  { model: 'mock/parallel-tools', example: 'parallel-tools', does: 'Calls all tools at once; a single one twice.' },
  { model: 'mock/slow', example: 'slow', does: 'Takes ten times as long to the first token and between tokens.' },
  { model: 'mock/empty-text', example: 'empty-text', does: 'Answers with an empty text.' },
  {
    model: 'mock/error-<status>',
    example: 'error-429',
    does: 'Fails with that HTTP status (400 to 599); 429 and 503 with `retry-after: 1`.',
  },
  { model: 'mock/context-window', example: 'context-window', does: 'Fails with 400 `context_length_exceeded`.' },
  { model: 'mock/content-policy', example: 'content-policy', does: 'Fails with 400 `content_policy_violation`.' },
  { model: 'mock/timeout', example: 'timeout', does: 'Never answers.' },
  {
    model: 'mock/error-midstream',
    example: 'error-midstream',
    does: 'Breaks the connection after a few chunks, or in the middle of a body.',
  },
  { model: 'mock/empty', example: 'empty', does: 'Answers 200 with no body at all.' },
  { model: 'mock/html-error', example: 'html-error', does: 'Answers 502 with an HTML page, as a proxy would.' },
]

/** What one request is to get. */
export interface Behaviour {
  readonly name:
    | 'default'
    | 'echo'
    | 'tokens'
    | 'reasoning'
    | 'parallel-tools'
    | 'slow'
    | 'empty-text'
    | 'error'
    | 'context-window'
    | 'content-policy'
    | 'timeout'
    | 'error-midstream'
    | 'empty'
    | 'html-error'
  /** Of `tokens` their number, of `error` its status; else 0. */
  readonly value: number
}

const PLAIN: ReadonlySet<string> = new Set<Behaviour['name']>([
  'echo',
  'reasoning',
  'parallel-tools',
  'slow',
  'empty-text',
  'context-window',
  'content-policy',
  'timeout',
  'error-midstream',
  'empty',
  'html-error',
])
const MOST_TOKENS = 100_000

/**
 * Chooses by the model's name, or by a mark in the prompt, which wins: `[mock:error-429]`. The mark is for setups where
 * the model's name is fixed.
 */
export function findBehaviour(model: string, prompt: string): Behaviour {
  const name = /\[mock:([\w-]+)\]/.exec(prompt)?.[1] ?? model.replace(/^mock\//, '')
  if (PLAIN.has(name)) return { name: name as Behaviour['name'], value: 0 }
  const status = Number(/^error-(\d{3})$/.exec(name)?.[1])
  if (status >= 400 && status <= 599) return { name: 'error', value: status }
  const count = /^(\d{1,9})-tokens$/.exec(name)?.[1]
  if (count !== undefined) return { name: 'tokens', value: Math.min(Number(count), MOST_TOKENS) }
  return { name: 'default', value: 0 }
}
