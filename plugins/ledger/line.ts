import type { CallEntry, Entry } from './entry.ts'
import { LONGEST_LINE } from './entry.ts'
import { spendOf } from './row.ts'

/** Tokens that sums are made of: input, output, read from and written to the provider's cache, reasoning. */
type Tokens = readonly [number, number, number | null, number | null, number | null]

/**
 * A line's first part, without names. Only ever added to, at its end: a gateway takes over what another version left. Read
 * by {@link readCall}.
 */
type Head = readonly [
  uid: string,
  id: string,
  at: number,
  wire: string,
  path: string,
  model: string,
  stream: boolean,
  status: number,
  aborted: boolean,
  cacheHit: boolean,
  ms: number,
  spend: number | null,
  tokens: Tokens | null,
  key: string | null,
  keyAlias: string | null,
  user: string | null,
  team: string | null,
  organization: string | null,
  deployment: string | null,
  group: string | null,
  provider: string | null,
  upstreamModel: string | null,
  apiBase: string | null,
  queueMs: number | null,
  ttftMs: number | null,
  overheadMs: number | null,
  ip: string | null,
  endUser: string | null,
  session: string | null,
  error: CallEntry['error'] | null,
  tags: CallEntry['tags'] | null,
  notes: unknown,
]

/** A line of the journal. One that control characters made too long goes without the caller's notes and the attempts. */
export function toLine(entry: CallEntry): string {
  // Prompts make lines long anyway.
  if (entry.messages !== undefined || entry.response !== undefined) return `${JSON.stringify(entry)}\n`
  const line = writeCall(entry)
  if (line.length * 3 <= LONGEST_LINE || Buffer.byteLength(line) <= LONGEST_LINE) return line
  return writeCall({ ...entry, notes: undefined, attempts: [] }, spendOf(entry))
}

/**
 * What a line says. Lines are JSON: an object, or a call's {@link Head} and, each behind a tab, the texts that the database
 * gets as they are; JSON itself has no tabs.
 * @throws SyntaxError where it is neither
 */
export function parseLine(line: string): Entry {
  if (line.charCodeAt(0) !== 91) return JSON.parse(line) as Entry
  const usage = line.indexOf('\t') + 1
  const cost = line.indexOf('\t', usage) + 1
  const attempts = line.indexOf('\t', cost) + 1
  if (usage === 0 || cost === 0 || attempts === 0) throw new SyntaxError('a line without its parts')
  return readCall(JSON.parse(line.slice(0, usage - 1)) as Head, {
    usage: line.slice(usage, cost - 1) || null,
    cost: line.slice(cost, attempts - 1) || null,
    attempts: line.slice(attempts) || null,
  })
}

/** An entry with everything in it that its line said. */
export function toWhole(entry: Entry): Entry {
  if (!('uid' in entry) || !entry.texts) return entry
  const { texts, spend: _spend, ...rest } = entry
  const parse = (text: string | null) => (text === null ? undefined : (JSON.parse(text) as never))
  return { ...rest, usage: parse(texts.usage), cost: parse(texts.cost), attempts: parse(texts.attempts) ?? [] }
}

/** JSON without names is written a quarter faster than with them, and read in half the time. */
function writeCall(entry: CallEntry, spend = spendOf(entry)): string {
  const { usage, cost } = entry
  const head = [
    entry.uid,
    entry.id,
    entry.at,
    entry.wire,
    entry.path,
    entry.model,
    entry.stream,
    entry.status,
    entry.aborted,
    entry.cacheHit,
    entry.ms,
    spend,
    usage && [usage.input, usage.output, usage.cacheRead, usage.cacheWrite, usage.reasoning],
    entry.key,
    entry.keyAlias,
    entry.user,
    entry.team,
    entry.organization,
    entry.deployment,
    entry.group,
    entry.provider,
    entry.upstreamModel,
    entry.apiBase,
    entry.queueMs,
    entry.ttftMs,
    entry.overheadMs,
    entry.ip,
    entry.endUser,
    entry.session,
    entry.error,
    entry.tags,
    entry.notes,
  ]
  const texts = `${usage ? JSON.stringify(usage) : ''}\t${cost ? JSON.stringify(cost) : ''}`
  return `${JSON.stringify(head)}\t${texts}\t${JSON.stringify(entry.attempts)}\n`
}

function readCall(head: Head, texts: CallEntry['texts']): CallEntry {
  const tokens = head[12]
  return {
    uid: head[0],
    id: head[1],
    at: head[2],
    wire: head[3],
    path: head[4],
    model: head[5],
    stream: head[6],
    status: head[7],
    aborted: head[8],
    cacheHit: head[9],
    ms: head[10],
    spend: head[11],
    usage: tokens
      ? {
          input: tokens[0],
          output: tokens[1],
          cacheRead: tokens[2] ?? undefined,
          cacheWrite: tokens[3] ?? undefined,
          reasoning: tokens[4] ?? undefined,
        }
      : undefined,
    key: head[13] ?? undefined,
    keyAlias: head[14] ?? undefined,
    user: head[15] ?? undefined,
    team: head[16] ?? undefined,
    organization: head[17] ?? undefined,
    deployment: head[18] ?? undefined,
    group: head[19] ?? undefined,
    provider: head[20] ?? undefined,
    upstreamModel: head[21] ?? undefined,
    apiBase: head[22] ?? undefined,
    queueMs: head[23] ?? undefined,
    ttftMs: head[24] ?? undefined,
    overheadMs: head[25] ?? undefined,
    ip: head[26] ?? undefined,
    endUser: head[27] ?? undefined,
    session: head[28] ?? undefined,
    error: head[29] ?? undefined,
    tags: head[30] ?? undefined,
    notes: head[31] ?? undefined,
    attempts: [],
    texts,
  }
}
