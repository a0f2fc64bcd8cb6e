import { encodeRequest } from '../../../providers/anthropic/encode-request.ts'
import { CLASSIC, fakeCall, fakeTranslation } from './fakes.ts'

export interface EncodeOptions {
  model?: string
  drop?: boolean
  maxTokens?: number
}

export const messages = [{ role: 'user', content: 'Hi' }]
export const encode = (
  body: Record<string, unknown>,
  { model = CLASSIC, drop = true, maxTokens }: EncodeOptions = {},
) => {
  const translation = fakeTranslation(model, drop)
  const out = encodeRequest(fakeCall({ model: 'claude', messages, ...body }), translation, { maxTokens })
  return { out, dropped: translation.dropped }
}
/** What the body says beyond the least request. */
export const extra = (body: Record<string, unknown>, options?: EncodeOptions) => {
  const { model: _, messages: __, ...rest } = encode(body, options).out
  return rest
}
export const refusal = (body: Record<string, unknown>, model?: string) => {
  try {
    encode(body, { drop: false, ...(model ? { model } : {}) })
  } catch (error) {
    const { status, param } = error as Record<string, unknown>
    return { status, param }
  }
  return undefined
}
export const fn = (name: string, more: Record<string, unknown> = {}) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: {} }, ...more },
})
export const encoded = (name: string) => ({ name, input_schema: { type: 'object', properties: {} } })
