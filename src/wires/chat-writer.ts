import { createWriterBase } from './stream-writer.ts'
import type { StreamWriter, StreamWriterOptions } from './stream-writer.ts'

/**
 * Writes OpenAI chat chunks (API reference, "Chat completion chunk object"): one id, the role first in every choice,
 * one finish per choice, the usage chunk with empty `choices` last and only if asked for, then `[DONE]`.
 * Text deltas, which are nearly all of a stream, are put together from prepared parts instead of serialised.
 */
export function createChatWriter(options: StreamWriterOptions): StreamWriter {
  const head = `data: {"id":${JSON.stringify(options.id)},"object":"chat.completion.chunk","created":${options.created},"model":${JSON.stringify(options.model)},`
  const tail = ',"finish_reason":null}]}\n\n'
  const first = `${head}"choices":[{"index":0,"delta":{"content":`
  const choices = new Set<number>()
  let zeroOpen = false

  const open = (choice: number) => {
    if (choices.has(choice)) return
    choices.add(choice)
    if (choice === 0) zeroOpen = true
    base.write(`${head}"choices":[{"index":${choice},"delta":{"role":"assistant","content":""}${tail}`)
  }
  const base = createWriterBase({
    head,
    includeUsage: options.includeUsage,
    costOf: options.costOf,
    open,
    choices,
    last: (choice) => `{"index":${choice},"delta":{}`,
  })
  const writeDelta = (delta: string, choice: number, generated = delta.length) => {
    open(choice)
    base.write(`${head}"choices":[{"index":${choice},"delta":${delta}${tail}`, generated)
  }

  return {
    ...base,
    text(text, choice = 0) {
      if (text === '') open(choice)
      else if (choice === 0 && zeroOpen) base.write(`${first}${JSON.stringify(text)}}${tail}`, text.length)
      else writeDelta(`{"content":${JSON.stringify(text)}}`, choice, text.length)
    },
    reasoning(text, choice = 0) {
      if (text !== '') writeDelta(`{"reasoning_content":${JSON.stringify(text)}}`, choice, text.length)
    },
    delta: (delta, choice = 0) => writeDelta(JSON.stringify(delta), choice),
  }
}
