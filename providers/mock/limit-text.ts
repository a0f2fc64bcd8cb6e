import { tokenize } from './tokens.ts'

/** A text as it is sent, with the reason for its end. */
export interface LimitedText {
  readonly tokens: readonly string[]
  readonly finish: 'stop' | 'length'
}

/** Ends a text before its first stop sequence and after `max` tokens, whichever comes first. */
export function limitText(text: string, stop: unknown, max: number): LimitedText {
  const tokens = tokenize(beforeStop(text, stop))
  return tokens.length > max ? { tokens: tokens.slice(0, max), finish: 'length' } : { tokens, finish: 'stop' }
}

function beforeStop(text: string, stop: unknown): string {
  const stops: unknown[] = Array.isArray(stop) ? stop : [stop]
  let end = text.length
  for (const one of stops) {
    const at = typeof one === 'string' && one !== '' ? text.indexOf(one) : -1
    if (at >= 0 && at < end) end = at
  }
  return text.slice(0, end)
}
