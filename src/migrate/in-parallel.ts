/** Works on each of many things, some at the same time. Rejects with the first error, after the others under way ended. */
export async function inParallel<T>(
  things: Iterable<T>,
  atOnce: number,
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const next = things[Symbol.iterator]()
  let failed = false
  const worker = async () => {
    for (;;) {
      const { done, value } = failed ? { done: true, value: undefined } : next.next()
      if (done) return
      try {
        await work(value as T)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: atOnce }, worker))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
