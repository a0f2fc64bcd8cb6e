import type { Answer, Context, LogRecord } from '../../src/index.ts'
import { ByteStream, GatewayError } from '../../src/index.ts'
import { LONGEST_LINE, toEntry } from './entry.ts'
import type { Journal } from './journal.ts'
import { toLine } from './line.ts'
import type { Prompts } from './prompts.ts'

export interface RecorderOptions {
  /** What row ids begin with. */
  readonly id: string
  readonly journal: Journal
  readonly prompts: Prompts | undefined
  readonly whenFull: 'continue' | 'refuse'
  /** Calls in progress. */
  readonly inFlight: () => number
  /** There is something new in the journal. */
  readonly wake: () => void
  readonly onTrouble: (message: string) => void
}

/** Writes each call into the journal before its answer is out. */
export interface Recorder {
  record(record: LogRecord, ctx: Context, answer: Answer | undefined): Promise<void> | void
  /** Refuses a call whose row could not be written. */
  admit(ctx: Context): void
  /** Rows that wait in memory for room on the disk, and those that found no place there either. */
  readonly kept: number
  readonly lost: number
  /** Writes what is kept, as far as there is room now. */
  flush(): void
  close(): void
}

/** On the call itself: room is kept for its row. With `refuse` alone. */
const ADMITTED = Symbol('ledger')
type Admitted = Context & { [ADMITTED]?: boolean }

const KEEP = 10_000
const FLUSH_MS = 1000

/** @see Recorder */
export function createRecorder(options: RecorderOptions): Recorder {
  const { id, journal, prompts, whenFull, inFlight, wake, onTrouble } = options
  const refuses = whenFull === 'refuse'
  let count = 0
  let kept: string[] = []
  let lost = 0
  let timer: ReturnType<typeof setInterval> | undefined
  /** Rows of calls that ended in this turn of the event loop: their answers wait for one write. */
  let together: string[] = []
  let written: Promise<void> | undefined

  const writeTogether = () => {
    const lines = together
    together = []
    written = undefined
    for (let from = 0; from < lines.length;) {
      let text = lines[from]!
      let to = from + 1
      // No longer than the longest line: what a segment has to have room for stays the same.
      for (; to < lines.length && (text.length + lines[to]!.length) * 3 <= LONGEST_LINE; to++) text += lines[to]!
      if (!journal.write(text)) for (const line of lines.slice(from, to)) keep(line)
      from = to
    }
    wake()
  }
  const joinOthers = (line: string): Promise<void> => {
    together.push(line)
    return (written ??= new Promise((resolve) =>
      setImmediate(() => {
        writeTogether()
        resolve()
      }),
    ))
  }

  const keep = (line: string) => {
    if (kept.length === 0) {
      onTrouble(
        `the journal cannot be written (${codeOf(journal.trouble)}): ` +
          (refuses ? 'calls are refused until it can' : `calls go on, up to ${KEEP} rows are kept in memory`),
      )
    }
    if (kept.length < KEEP) kept.push(line)
    else if (lost++ === 0) onTrouble('the journal cannot be written and the memory for rows is full: rows are lost')
    timer ??= setInterval(flush, FLUSH_MS).unref()
  }

  const flush = () => {
    let written = 0
    while (written < kept.length && writeSpare(kept[written]!)) written++
    if (written > 0) wake()
    kept = kept.slice(written)
    if (kept.length > 0 || timer === undefined) return
    clearInterval(timer)
    timer = undefined
    onTrouble(`the journal can be written again; ${lost} rows were lost`)
  }

  /** Leaves room for the rows of all calls under way: for what is long, and for calls that were not admitted. */
  const writeSpare = (line: string): boolean =>
    (!refuses || journal.reserve(inFlight() * LONGEST_LINE + line.length * 3)) && journal.write(line)

  return {
    record(record, ctx, answer) {
      const uid = `${id}-${(count++).toString(36)}`
      const entry = toEntry(uid, record, ctx, answer)
      const line = toLine(entry)
      // What ends a stream leaves at once, and cannot wait.
      if (!refuses && !prompts && !(answer?.body instanceof ByteStream)) return joinOthers(line)
      const write = !refuses || (ctx as Admitted)[ADMITTED] ? journal.write : writeSpare
      if (!prompts) {
        if (!write(line)) keep(line)
        return wake()
      }
      const response = prompts.response(ctx, answer, (later) => {
        if (later !== undefined) writeSpare(`${JSON.stringify({ answerOf: uid, id: record.id, response: later })}\n`)
        wake()
      })
      const long = toLine({ ...entry, messages: prompts.messages(ctx), response })
      if (!writeSpare(long) && !write(line)) keep(line)
      wake()
    },
    admit(ctx) {
      if (kept.length > 0) flush()
      if (kept.length === 0 && journal.reserve((inFlight() + 1) * LONGEST_LINE)) {
        ;(ctx as Admitted)[ADMITTED] = true
        return
      }
      throw new GatewayError(
        503,
        'The ledger has no room for this call, and calls that cannot be accounted for are refused.',
        { code: 'ledger_full', retryAfter: 5 },
      )
    },
    get kept() {
      return kept.length
    },
    get lost() {
      return lost
    },
    flush,
    close() {
      if (together.length > 0) writeTogether()
      flush()
      clearInterval(timer)
      if (kept.length > 0) onTrouble(`${kept.length} rows are lost: the journal cannot be written`)
    },
  }
}

function codeOf(error: unknown): string {
  return (error as { code?: string } | undefined)?.code ?? String(error)
}
