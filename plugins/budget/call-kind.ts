import type { Call } from '../../src/index.ts'

/** What a call makes, as far as its price is concerned. `nothing`: no model works for it. */
export type CallKind = 'chat' | 'completions' | 'responses' | 'vectors' | 'images' | 'speech' | 'transcript' | 'nothing'

const WIRES: Readonly<Record<string, CallKind>> = {
  'openai.chat': 'chat',
  'openai.completions': 'completions',
  'openai.embeddings': 'vectors',
  'openai.images': 'images',
}

/** OpenAI's paths that keep and fetch things. What batches and jobs cost is not known when they are made. */
const KEEPING =
  /^\/(files|uploads|batches|fine_tuning|vector_stores|assistants|containers|evals|conversations|threads(?!.*\/runs))(\/|$)/

/** Tells what a call makes by its wire, or by its path where it is passed through. What is not known may generate. */
export function callKind({ wire, method, path }: Call): CallKind {
  const known = WIRES[wire]
  if (known) return known
  if (method !== 'POST' || KEEPING.test(path)) return 'nothing'
  if (path.startsWith('/responses')) return /^\/responses(\/compact)?$/.test(path) ? 'responses' : 'nothing'
  if (path === '/audio/speech') return 'speech'
  if (path.startsWith('/audio/')) return 'transcript'
  if (path.startsWith('/images/')) return 'images'
  return /^\/(embeddings|moderations|rerank)$/.test(path) ? 'vectors' : 'chat'
}
