import type { ChatToolCall, ThinkingBlock } from '../../src/index.ts'
import { isObject, newId, textOf, type Json, type Part } from './json.ts'

/** An image that the model made, in the form in which OpenAI's clients send them. */
export interface ImagePart {
  type: 'image_url'
  image_url: { url: string }
  /** Holds `thought_signature`, which edits of the image need. */
  provider_specific_fields?: Json
}

/** What a candidate's parts are, in the order in which they come. */
export interface PartHandler {
  text(text: string): void
  reasoning(text: string): void
  /** A thought that is signed. */
  thinking(block: ThinkingBlock): void
  call(call: ChatToolCall): void
  image(image: ImagePart): void
  /** Base64. */
  audio(data: string): void
  /** The signature of a text or a thought. */
  signature(signature: string): void
  /** Everything that Google did itself: code that ran, its tools' calls and results. */
  other(part: Part): void
}

/**
 * Sorts parts. One reader serves one candidate, whole or in pieces: the thought that a signature closes may have come in
 * several parts.
 */
export function createPartReader(handler: PartHandler): (part: unknown) => void {
  let thought = ''
  return (part) => {
    if (!isObject(part)) return
    const signature = textOf(part['thoughtSignature'])
    const call = part['functionCall']
    if (isObject(call)) return handler.call(toToolCall(call, signature))
    const data = part['inlineData']
    if (part['thought'] === true) {
      // Images among thoughts are drafts of the one that follows.
      if (isObject(data)) return
      const text = textOf(part['text'])
      thought += text
      if (text) handler.reasoning(text)
      if (!signature) return
      handler.signature(signature)
      handler.thinking({ type: 'thinking', thinking: thought, signature })
      thought = ''
    } else if (typeof part['text'] === 'string') {
      if (part['text']) handler.text(part['text'])
      if (signature) handler.signature(signature)
    } else if (isObject(data) && textOf(data['mimeType']).startsWith('image/')) {
      handler.image(toImage(data, signature))
    } else if (isObject(data) && textOf(data['mimeType']).startsWith('audio/')) {
      handler.audio(textOf(data['data']))
    } else if (Object.keys(part).some((key) => key !== 'thoughtSignature' && key !== 'thought')) {
      handler.other(part)
    } else if (signature) handler.signature(signature)
  }
}

/**
 * A function call; models before Gemini 3 give it no id. Its signature also stands where Google's own OpenAI endpoint has it
 * (`extra_content`, "Thought signatures"), from where clients such as the AI SDK's send it back.
 */
function toToolCall(call: Json, signature: string): ChatToolCall {
  const args = isObject(call['args']) ? JSON.stringify(call['args']) : '{}'
  const id = textOf(call['id']) || newId('call_')
  const out: ChatToolCall = { id, type: 'function', function: { name: textOf(call['name']), arguments: args } }
  if (!signature) return out
  const signed = { thought_signature: signature }
  return { ...out, provider_specific_fields: signed, extra_content: { google: signed } }
}

function toImage(data: Json, signature: string): ImagePart {
  const url = `data:${textOf(data['mimeType'])};base64,${textOf(data['data'])}`
  const out: ImagePart = { type: 'image_url', image_url: { url } }
  if (signature) out.provider_specific_fields = { thought_signature: signature }
  return out
}
