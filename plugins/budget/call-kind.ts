import { isWork } from '../../src/index.ts'
import type { Call } from '../../src/index.ts'

/** What a call makes, as far as its price is concerned. `nothing`: no model works for it. */
export type CallKind = 'chat' | 'completions' | 'responses' | 'vectors' | 'images' | 'speech' | 'transcript' | 'nothing'

const WIRES: Readonly<Record<string, CallKind>> = {
  'openai.chat': 'chat',
  'openai.completions': 'completions',
  'openai.embeddings': 'vectors',
  'openai.images': 'images',
}

/** Tells what a call makes by its wire, or by its path where it is passed through. What is not known may generate. */
export function callKind(call: Call): CallKind {
  const { path } = call
  const known = WIRES[call.wire]
  if (known) return known
  if (!isWork(call)) return 'nothing'
  if (path.startsWith('/responses')) return 'responses'
  if (path === '/audio/speech') return 'speech'
  if (path.startsWith('/audio/')) return 'transcript'
  if (path.startsWith('/images/')) return 'images'
  return /^\/(embeddings|moderations|rerank)$/.test(path) ? 'vectors' : 'chat'
}
