let turn: Promise<void> | undefined
let requests: (() => void)[] = []

/**
 * Resolves at the end of this turn of Node's event loop. Answers that wait for it leave together: a process that writes to
 * many sockets in a row wakes those who read far less often than one that does something else between any two writes.
 */
export function endOfTurn(): Promise<void> {
  return (turn ??= new Promise((resolve) =>
    setImmediate(() => {
      turn = undefined
      const first = requests
      if (first.length > 0) requests = []
      for (const send of first) send()
      resolve()
    }),
  ))
}

/** Runs `send`, which must not throw, at the end of this turn, before its answers leave: the upstream works while they do. */
export function beforeAnswers(send: () => void): void {
  requests.push(send)
  void endOfTurn()
}
