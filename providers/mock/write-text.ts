import type { Behaviour } from './behaviour.ts'
import { isRecord } from './fields.ts'
import type { Fields } from './fields.ts'
import { sampleOf } from './sample.ts'
import { fillTokens } from './tokens.ts'

/** What a text is written from. */
export interface Occasion {
  readonly behaviour: Behaviour
  readonly body: Fields
  /** What the user said last. */
  readonly prompt: string
  /** What a tool said after that, if one did. */
  readonly toolResult: string | undefined
  /** Which of several answers this is, from 0. */
  readonly choice: number
}

const QUOTED = 200

/** The whole text of an answer, before stop sequences and limits. */
export function writeText(occasion: Occasion): string {
  const { behaviour, body, prompt } = occasion
  if (behaviour.name === 'echo') return prompt
  if (behaviour.name === 'empty-text') return ''
  if (behaviour.name === 'tokens') return fillTokens(behaviour.value).join('')
  const format = isRecord(body['response_format']) ? body['response_format'] : {}
  if (format['type'] === 'json_object') return JSON.stringify({ message: sentence(occasion) })
  if (format['type'] === 'json_schema') {
    return JSON.stringify(sampleOf(isRecord(format['json_schema']) ? format['json_schema']['schema'] : undefined))
  }
  return sentence(occasion)
}

/** What the mock pretends to think: more at a higher effort. */
export function writeReasoning(occasion: Occasion): string {
  const effort = occasion.body['reasoning_effort'] ?? 'medium'
  const thoughts = [
    `The user sent ${occasion.prompt.length} characters.`,
    'A mock knows nothing, so it can only repeat them.',
    'That shows that the whole way works, which is what this answer is for.',
  ]
  return thoughts.slice(0, effort === 'low' || effort === 'minimal' ? 1 : effort === 'medium' ? 2 : 3).join(' ')
}

function sentence({ prompt, toolResult, choice }: Occasion): string {
  const heard =
    toolResult !== undefined
      ? `The tool answered: "${clip(toolResult)}".`
      : prompt === ''
        ? 'Hello!'
        : `You said: "${clip(prompt)}".`
  const which = choice > 0 ? ` This is choice ${choice + 1}.` : ''
  return `${heard} This is the built-in mock model: it calls no provider, needs no key and costs nothing.${which}`
}

function clip(text: string): string {
  // By characters, which may be two units long: an emoji is not cut in half.
  const characters = Array.from(text.slice(0, QUOTED * 2 + 2))
  return characters.length > QUOTED ? `${characters.slice(0, QUOTED).join('')}…` : text
}
