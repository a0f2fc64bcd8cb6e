import type { Call, Target } from '../../src/index.ts'
import { callKind } from './call-kind.ts'
import type { CallKind } from './call-kind.ts'
import { findParts } from './parts.ts'

/** How large a call can be at most, in what does not depend on who answers it. */
export interface CallSize {
  readonly kind: CallKind
  /** A token is at least one byte of the text; the JSON around it covers what providers put around messages. */
  readonly text: number
  readonly images: number
  readonly audio: number
  /** Part of the prompt is not in the request: only the model's window bounds it. */
  readonly elsewhere: boolean
  /** Seconds of sound in an upload. */
  readonly seconds: number
  readonly bytes: number
}

/** Tokens that providers add of their own: around every prompt, and to explain tools and formats to the model. */
const AROUND = 64
const AROUND_TOOLS = 1024
/** Sound in a prompt has at most 43 tokens a second (Gemini 32, OpenAI 10), and a second at least 750 bytes (Opus). */
const SOUND_BYTES_PER_TOKEN = 16
/** Speech below 8 kbit/s is not uploaded. */
const SOUND_BYTES_PER_SECOND = 1000
/** Prompts that stand beside an uploaded file. */
const UPLOAD_TEXT = 32_000
/** Pictures that an edit takes at most (OpenAI API reference, "Create image edit"). */
const UPLOAD_IMAGES = 16

/** Measures a call. Costs a count of its bytes and a look at its parts. */
export function measureCall(call: Call): CallSize {
  const kind = callKind(call)
  const { raw, body } = call
  const bytes = typeof raw === 'string' ? Buffer.byteLength(raw) : raw instanceof Uint8Array ? raw.length : undefined
  const none = { kind, text: 0, images: 0, audio: 0, elsewhere: false, seconds: 0, bytes: bytes ?? 0 }
  if (kind === 'nothing') return none
  if (bytes === undefined) return { ...none, elsewhere: true }
  if (typeof raw !== 'string') {
    const text = Math.min(bytes, UPLOAD_TEXT)
    if (kind === 'images') return { ...none, text, images: UPLOAD_IMAGES }
    if (kind !== 'transcript') return { ...none, text: bytes }
    const audio = Math.ceil(bytes / SOUND_BYTES_PER_TOKEN)
    return { ...none, text: Math.min(text, 1024), audio, seconds: bytes / SOUND_BYTES_PER_SECOND }
  }
  const parts = findParts(body)
  const explained = body['tools'] ?? body['functions'] ?? body['response_format'] ?? body['text']
  return {
    ...none,
    text: bytes - parts.encoded + AROUND + (explained === undefined ? 0 : AROUND_TOOLS),
    images: parts.images,
    audio: Math.ceil((parts.audio * 3) / 4 / SOUND_BYTES_PER_TOKEN),
    elsewhere: parts.elsewhere,
  }
}

/** What a target gets in a field: the call's, else the deployment's default, unless it is dropped on the way. */
export function fieldFor({ body }: Call, { deployment }: Target, name: string): unknown {
  const value = body[name] === undefined ? deployment.params?.[name] : body[name]
  if (value === undefined || deployment.additionalDropParams?.includes(name)) return undefined
  const dropped = body['additional_drop_params']
  return Array.isArray(dropped) && dropped.includes(name) ? undefined : value
}
