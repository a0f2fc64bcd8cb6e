/** One chat chunk as a client reads it. */
export interface Chunk {
  id?: string
  object?: string
  model?: string
  created?: number
  choices?: {
    index: number
    delta: {
      role?: string
      content?: string | null
      reasoning_content?: string
      tool_calls?: { index: number; id?: string; type?: string; function?: { name?: string; arguments?: string } }[]
      [field: string]: unknown
    }
    finish_reason: string | null
  }[]
  usage?: Record<string, unknown> | null
  error?: { message: string; type: string; code: string | null; param: string | null }
}

/** A whole event stream, read the plain way: it has all arrived, so nothing is split. */
export function readDatas(text: string): string[] {
  const datas: string[] = []
  for (const event of text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .split('\n\n')) {
    const lines = event.split('\n').filter((line) => line.startsWith('data:'))
    if (lines.length > 0) datas.push(lines.map((line) => line.replace(/^data: ?/, '')).join('\n'))
  }
  return datas
}

/** The chunks of a chat stream, and whether `[DONE]` was its last event. */
export function readChunks(text: string): { chunks: Chunk[]; done: boolean } {
  const datas = readDatas(text)
  const marks = datas.filter((data) => data === '[DONE]').length
  const done = marks === 1 && datas.at(-1) === '[DONE]'
  if (marks > 0 && !done) throw new Error(`[DONE] came ${marks} times, or not last`)
  return { chunks: datas.filter((data) => data !== '[DONE]').map((data) => JSON.parse(data) as Chunk), done }
}

export interface StreamSum {
  role: string
  text: string
  reasoning: string
  calls: { id: string; name: string; arguments: string }[]
  finishes: string[]
  ids: string[]
  usage: Record<string, unknown> | undefined
  error: Chunk['error']
  done: boolean
}

/** What the chunks of a stream add up to (choice 0). */
export function sumStream(body: string): StreamSum {
  const { chunks, done } = readChunks(body)
  const sum: StreamSum = {
    role: '',
    text: '',
    reasoning: '',
    calls: [],
    finishes: [],
    ids: [...new Set(chunks.flatMap((chunk) => (chunk.id === undefined ? [] : [chunk.id])))],
    usage: undefined,
    error: undefined,
    done,
  }
  for (const chunk of chunks) {
    sum.error ??= chunk.error
    sum.usage = chunk.usage ?? sum.usage
    for (const { delta, finish_reason } of chunk.choices ?? []) {
      if (delta.role) sum.role += delta.role
      sum.text += delta.content ?? ''
      sum.reasoning += delta.reasoning_content ?? ''
      for (const call of delta.tool_calls ?? []) {
        const at = (sum.calls[call.index] ??= { id: '', name: '', arguments: '' })
        at.id += call.id ?? ''
        at.name += call.function?.name ?? ''
        at.arguments += call.function?.arguments ?? ''
      }
      if (finish_reason) sum.finishes.push(finish_reason)
    }
  }
  return sum
}
