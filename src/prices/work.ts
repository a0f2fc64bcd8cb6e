import type { Call } from '../types/call.ts'

/** OpenAI's paths that keep and fetch things. What batches and jobs cost is not known when they are made. */
const KEEPING =
  /^\/(files|uploads|batches|fine_tuning|vector_stores|assistants|containers|evals|conversations|chat\/completions|threads(?!.*\/runs))(\/|$)/

/** Work that ends after the call that began it was answered: what it used is first told where it is fetched. */
const LATER = /^\/(batches|threads\/.*\/runs)\/[^/]/
/** A field of a response; in a JSON string its quotes would be escaped. */
const BACKGROUND = /"background"\s*:\s*true/

/** Whether a model works for a call. What is passed through to a path that nobody knows may be work. */
export function isWork({ wire, method, path }: Call): boolean {
  if (wire !== 'openai.*') return true
  if (method !== 'POST' || KEEPING.test(path)) return false
  return !path.startsWith('/responses') || /^\/responses(\/compact)?$/.test(path)
}

/**
 * Whether the usage that an answer tells is this call's to pay. A response or a chat that is fetched tells the usage of the
 * call that made it, which has paid for it, unless it ran in the background.
 */
export function paysUsage(call: Call, text: string): boolean {
  if (isWork(call) || LATER.test(call.path)) return true
  return call.path.startsWith('/responses/') && BACKGROUND.test(text)
}
