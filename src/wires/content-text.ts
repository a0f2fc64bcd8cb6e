/** The text of a chat message's content: a string, or parts of which some are text (Mistral's reasoning models). */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  let text = ''
  for (const part of content as ({ type?: unknown; text?: unknown } | null)[]) {
    if (part?.type === 'text' && typeof part.text === 'string') text += part.text
  }
  return text
}
