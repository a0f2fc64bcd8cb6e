import { invalidRequest } from '../../src/index.ts'
import { integerField, maxTokens, wantsUsage } from './checks.ts'
import { DONE, interleave } from './events.ts'
import type { MockAnswer, MockEvent } from './events.ts'
import type { Fields } from './fields.ts'
import { limitText } from './limit-text.ts'
import { completionLogprobs } from './logprobs.ts'
import { readTexts } from './read-texts.ts'
import type { MockRequest } from './request.ts'
import { tokenize } from './tokens.ts'
import { makeUsage } from './usage.ts'
import { writeText } from './write-text.ts'

interface Completion {
  readonly tokens: readonly string[]
  readonly finish: 'stop' | 'length'
}

/** Answers `POST /completions` (OpenAI API reference, "Create completion"). Throws a 400. */
export function answerCompletions(request: MockRequest): MockAnswer {
  const { body } = request
  const prompts = readTexts(body['prompt'])
  if (!prompts) throw invalidRequest('`prompt` must be a string, a list of strings or of tokens.', 'prompt')
  const n = integerField(body, 'n', { min: 1, max: 128, default: 1 })
  const choices = prompts.flatMap(({ text }) =>
    Array.from({ length: n }, (_, choice) => complete(request, text, choice)),
  )
  const tokens = choices.reduce((sum, choice) => sum + choice.tokens.length, 0)
  const usage = makeUsage(
    prompts.reduce((sum, prompt) => sum + prompt.tokens, 0),
    tokens,
    0,
  )
  const head = {
    id: `cmpl-${request.id}`,
    object: 'text_completion',
    created: request.created,
    model: request.model,
    system_fingerprint: 'fp_mock',
  }
  if (body['stream'] === true) {
    const last = wantsUsage(body) ? [{ data: JSON.stringify({ ...head, choices: [], usage }), tokens: 0 }] : []
    const perChoice = choices.map((choice, index) => completionEvents(head, body, { ...choice, index }))
    return { events: [...interleave(perChoice), ...last, DONE] }
  }
  return {
    tokens,
    json: {
      ...head,
      choices: choices.map((choice, index) => ({
        text: choice.tokens.join(''),
        index,
        logprobs: logprobsOf(body, choice.tokens, 0),
        finish_reason: choice.finish,
      })),
      usage,
    },
  }
}

function complete({ body, behaviour }: MockRequest, prompt: string, choice: number): Completion {
  const occasion = { behaviour, body, prompt, toolResult: undefined, choice }
  const { tokens, finish } = limitText(writeText(occasion), body['stop'], maxTokens(body))
  return { tokens: body['echo'] === true ? [...tokenize(prompt), ...tokens] : tokens, finish }
}

function completionEvents(head: Fields, body: Fields, choice: Completion & { index: number }): MockEvent[] {
  const { index } = choice
  let offset = 0
  const pieces = choice.tokens.map((text) => {
    const logprobs = logprobsOf(body, [text], offset)
    offset += text.length
    return { data: JSON.stringify({ ...head, choices: [{ text, index, logprobs, finish_reason: null }] }), tokens: 1 }
  })
  const end = { text: '', index, logprobs: null, finish_reason: choice.finish }
  return [...pieces, { data: JSON.stringify({ ...head, choices: [end] }), tokens: 0 }]
}

/** In this API `logprobs` is a number: of alternatives per token. */
function logprobsOf(body: Fields, tokens: readonly string[], offset: number): unknown {
  if ((body['logprobs'] ?? null) === null) return null
  return completionLogprobs(tokens, integerField(body, 'logprobs', { min: 0, max: 5, default: 0 }), offset)
}
