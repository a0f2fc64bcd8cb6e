/**
 * Says quickly that a chat request is in order; a tenth of the whole schema's time. False means nothing but "look closely":
 * the schema has the last word, and the message. A test holds that whatever passes here passes there.
 */
export function isPlainChat(body: Readonly<Record<string, unknown>>): boolean {
  const { model, messages } = body
  if (typeof model !== 'string' || model === '' || !Array.isArray(messages) || messages.length === 0) return false
  for (const message of messages as unknown[]) if (!isPlainMessage(message)) return false
  for (const key in body) {
    const value = body[key]
    switch (key) {
      case 'model':
      case 'messages':
        break
      case 'stream':
        if (typeof value !== 'boolean') return false
        break
      case 'temperature':
        if (typeof value !== 'number' || !(value >= 0 && value <= 2)) return false
        break
      case 'top_p':
        if (typeof value !== 'number' || !(value >= 0 && value <= 1)) return false
        break
      case 'max_tokens':
      case 'max_completion_tokens':
        if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) return false
        break
      case 'user':
      case 'reasoning_effort':
        if (typeof value !== 'string') return false
        break
      default:
        return false
    }
  }
  return true
}

function isPlainMessage(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return false
  let role = false
  for (const key in message) {
    const value = (message as Record<string, unknown>)[key]
    if (key === 'content') {
      if (typeof value !== 'string') return false
    } else if (key === 'role') {
      if (value !== 'user' && value !== 'assistant' && value !== 'system' && value !== 'developer') return false
      role = true
    } else return false
  }
  return role
}
