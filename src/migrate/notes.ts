/** Something that was not taken, or has no effect here: of one field, or of whole rows. */
export interface Note {
  readonly table: string
  /** Absent: the row as a whole. */
  readonly field?: string | undefined
  readonly reason: string
  readonly count: number
  /** Names of the first few rows. Never a key, a hash or a value. */
  readonly examples: readonly string[]
}

export interface Notes {
  add(note: {
    table: string
    field?: string | undefined
    reason: string
    who?: string | undefined
    count?: number
  }): void
  list(): Note[]
}

const EXAMPLES = 5

/** Collects notes; equal ones are counted. */
export function createNotes(): Notes {
  const notes = new Map<
    string,
    { table: string; field?: string | undefined; reason: string; count: number; examples: string[] }
  >()
  return {
    add({ table, field, reason, who, count = 1 }) {
      const key = JSON.stringify([table, field, reason])
      let note = notes.get(key)
      if (!note) notes.set(key, (note = { table, field, reason, count: 0, examples: [] }))
      note.count += count
      if (who !== undefined && note.examples.length < EXAMPLES) note.examples.push(shown(who))
    },
    list: () => [...notes.values()],
  }
}

/** People name things after keys: what looks like one is cut, and so is what is too long to read. */
function shown(name: string): string {
  const clean = name.replace(/\bsk-[\w-]{5,}/g, 'sk-...').replace(/\p{C}/gu, ' ')
  return clean.length > 80 ? `${clean.slice(0, 79)}…` : clean
}
