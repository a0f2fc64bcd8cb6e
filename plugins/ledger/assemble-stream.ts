import { fromEvents } from './assemble-events.ts'

type Fields = Record<string, unknown>

interface Choice {
  index: number
  message: Fields
  /** By the places that the provider gave them: any number. */
  tools: Map<number, Fields>
  finish_reason: unknown
}

/** A stream of events as the answer it adds up to, as far as its dialect is known. Undefined where there is none. */
export function assembleStream(text: string, wire: string): unknown {
  const events = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .flatMap((line) => parse(line.slice(5)))
  if (events.length === 0) return undefined
  return wire === 'openai.chat' || wire === 'openai.completions' ? fromChunks(events) : fromEvents(events)
}

function fromChunks(chunks: readonly Fields[]): Fields {
  const choices = new Map<number, Choice>()
  const answer: Fields = {}
  for (const { choices: pieces, ...rest } of chunks) {
    for (const [name, value] of Object.entries(rest)) if (value !== null) answer[name] = value
    for (const piece of Array.isArray(pieces) ? (pieces as Fields[]) : []) addPiece(choices, piece)
  }
  if (typeof answer['object'] === 'string') answer['object'] = answer['object'].replace(/\.chunk$/, '')
  const sorted = [...choices.values()].sort((a, b) => a.index - b.index)
  return { ...answer, choices: sorted.map(({ tools, ...choice }) => ({ ...choice, ...withTools(choice, tools) })) }
}

function addPiece(choices: Map<number, Choice>, piece: Fields): void {
  const index = Number(piece['index'] ?? 0)
  const choice: Choice = choices.get(index) ?? { index, message: {}, tools: new Map(), finish_reason: null }
  choices.set(index, choice)
  choice.finish_reason = piece['finish_reason'] ?? choice.finish_reason
  const delta = (piece['delta'] as Fields | undefined) ?? { content: piece['text'] }
  for (const [name, value] of Object.entries(delta)) {
    if (name === 'tool_calls' && Array.isArray(value)) addToolCalls(choice.tools, value as Fields[])
    else if (typeof value === 'string' && name !== 'role')
      choice.message[name] = `${textOf(choice.message[name])}${value}`
    else if (value !== undefined && value !== null) choice.message[name] = value
  }
}

function withTools({ message }: { message: Fields }, tools: ReadonlyMap<number, Fields>): { message?: Fields } {
  if (tools.size === 0) return {}
  const calls = [...tools].sort(([a], [b]) => a - b).map(([, call]) => call)
  return { message: { ...message, tool_calls: calls } }
}

function addToolCalls(tools: Map<number, Fields>, pieces: readonly Fields[]): void {
  for (const { index, function: part, ...rest } of pieces) {
    const place = Number(index ?? 0)
    const call = tools.get(place) ?? { function: { name: '', arguments: '' } }
    tools.set(place, call)
    Object.assign(call, rest)
    const whole = call['function'] as Fields
    for (const [name, value] of Object.entries((part as Fields | undefined) ?? {})) {
      whole[name] = `${textOf(whole[name])}${textOf(value)}`
    }
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function parse(data: string): Fields[] {
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === 'object' && value !== null ? [value as Fields] : []
  } catch {
    return []
  }
}
