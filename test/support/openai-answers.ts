/** A chat answer as OpenAI gives it. */
export function chatAnswer(content: string, model = 'upstream-model'): Record<string, unknown> {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  }
}

/** The same as the events of a stream, one per piece, with usage and the end mark. */
export function chatEvents(pieces: readonly string[]): unknown[] {
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'upstream-model' }
  const delta = (part: object, finish: string | null = null) => ({
    ...head,
    choices: [{ index: 0, delta: part, finish_reason: finish }],
  })
  return [
    delta({ role: 'assistant', content: '' }),
    ...pieces.map((content) => delta({ content })),
    delta({}, 'stop'),
    { ...head, choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } },
    '[DONE]',
  ]
}
