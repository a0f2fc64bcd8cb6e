let begun = false
/** How many answers this turn has. */
let answers = 0
/** The last turn had one at most. */
let quiet = true
let requests: (() => void)[] = []
let writers: (() => void)[] = []
let turn: Promise<void> | undefined
let release: (() => void) | undefined

const NOW = Promise.resolve()

/**
 * Resolves at the end of this turn of Node's event loop. Answers that wait for it leave together: a process that writes to
 * many sockets in a row wakes those who read far less often than one that does something else between any two writes. Where
 * the turns have been quiet there is nobody to wait for, and the first one goes at once.
 */
export function endOfTurn(): Promise<void> {
  begin()
  if (answers++ === 0 && quiet) return NOW
  return (turn ??= new Promise((resolve) => (release = resolve)))
}

/**
 * Runs `send`, which must not throw, at the end of this turn, before its answers leave: the upstream works while they do.
 * What else the turn brings is seen before it: that the connection was closed, that the client has left.
 */
export function beforeAnswers(send: () => void): void {
  begin()
  requests.push(send)
}

/**
 * Runs `write`, which must not throw, with the answers of this turn: as {@link endOfTurn}, for parts of answers, of which there
 * are many more.
 */
export function withAnswers(write: () => void): void {
  begin()
  if (answers++ === 0 && quiet) queueMicrotask(write)
  else writers.push(write)
}

/** Runs `work` behind the answers of this turn. */
export function afterAnswers(work: () => void): void {
  begin()
  setImmediate(work)
}

function begin(): void {
  if (begun) return
  begun = true
  setImmediate(end)
}

function end(): void {
  begun = false
  quiet = answers <= 1
  answers = 0
  const [sends, writes, leave] = [requests, writers, release]
  if (sends.length > 0) requests = []
  if (writes.length > 0) writers = []
  turn = release = undefined
  for (const send of sends) send()
  for (const write of writes) write()
  leave?.()
}
