let turn: Promise<void> | undefined

/**
 * Resolves at the end of this turn of Node's event loop. Answers that wait for it leave together: a process that writes to
 * many sockets in a row wakes those who read far less often than one that does something else between any two writes.
 */
export function endOfTurn(): Promise<void> {
  return (turn ??= new Promise((resolve) =>
    setImmediate(() => {
      turn = undefined
      resolve()
    }),
  ))
}
