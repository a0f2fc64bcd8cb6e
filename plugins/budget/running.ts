/** What a list of running calls needs of each. */
export interface Listed<T> {
  listed: boolean
  earlier: T | undefined
  later: T | undefined
}

/**
 * The calls that hold reservations. A list through the calls themselves: the tables of a Set, which point from each outgrown
 * one to the next, would carry every call into the old generation and make each collection pay for it.
 */
export class Running<T extends Listed<T>> {
  #last: T | undefined

  add(one: T): void {
    if (one.listed) return
    one.listed = true
    one.earlier = this.#last
    if (this.#last) this.#last.later = one
    this.#last = one
  }

  delete(one: T): void {
    if (!one.listed) return
    one.listed = false
    if (one.earlier) one.earlier.later = one.later
    if (one.later) one.later.earlier = one.earlier
    else this.#last = one.earlier
    one.earlier = undefined
    one.later = undefined
  }

  all(): T[] {
    const all: T[] = []
    for (let one = this.#last; one; one = one.earlier) all.push(one)
    return all
  }
}
