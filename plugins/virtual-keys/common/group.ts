/** Items by their names, of which each may have several. `Map.groupBy` is not in Node 20. */
export function group<T>(items: readonly T[], namesOf: (item: T) => readonly string[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    for (const name of namesOf(item)) {
      const found = groups.get(name)
      if (found) found.push(item)
      else groups.set(name, [item])
    }
  }
  return groups
}
