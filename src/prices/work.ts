import type { Call } from '../types/call.ts'

/** OpenAI's paths that keep and fetch things. What batches and jobs cost is not known when they are made. */
const KEEPING =
  /^\/(files|uploads|batches|fine_tuning|vector_stores|assistants|containers|evals|conversations|threads(?!.*\/runs))(\/|$)/

/** Whether a model works for a call. What is passed through to a path that nobody knows may be work. */
export function isWork({ wire, method, path }: Call): boolean {
  if (wire !== 'openai.*') return true
  if (method !== 'POST' || KEEPING.test(path)) return false
  return !path.startsWith('/responses') || /^\/responses(\/compact)?$/.test(path)
}
