import { durationMs, invalidRequest } from '../../../src/index.ts'
import type { KeyDocument } from '../../../src/index.ts'
import { routesOfType } from '../allowed-routes.ts'
import { budgetFieldsOf, mergeOther, newStamps, pick, rest, stamped, withChanges } from '../common/fields.ts'
import { hashKey, keyName } from '../hash-key.ts'
import { moment } from '../to-principal.ts'
import { FOR_EVER, keyFields, knownKeyFields } from './schemas.ts'

type Body = Readonly<Record<string, unknown>>

/** A new key's document from a body. The key itself goes no further. */
export function toKey(body: Body, { key, actor }: { key: string; actor: string }): KeyDocument {
  const empty: KeyDocument = { token: hashKey(key), key_name: keyName(key), models: [], ...newStamps(actor) }
  return withChanges(empty, changesOf(empty, body))
}

/** A key with what a body says. `null` clears a field; of a list of models it makes an empty one. */
export function withKeyChanges(key: KeyDocument, body: Body, actor: string): KeyDocument {
  return stamped(key, changesOf(key, body), actor)
}

/** Fields of a body that are kept and have no effect: callers are told, since some of them would restrict a key. */
export function unsupported(body: Body): string[] {
  const meant = Object.entries(rest(body, knownKeyFields)).filter(([, value]) => !isEmpty(value))
  return meant.map(([name]) => name)
}

/**
 * The end of a duration from now, ISO 8601. Months are those of the calendar. Throws a 400 beyond the year 9999: later ones
 * are written with a sign, which few clients read and which sorts before all others.
 */
export function endOf(duration: string, now: number, param = 'duration'): string {
  const end = new Date(now)
  if (duration.endsWith('mo')) {
    const day = end.getUTCDate()
    end.setUTCMonth(end.getUTCMonth() + Number.parseInt(duration, 10))
    // A month without that day: its last one.
    if (end.getUTCDate() !== day) end.setUTCDate(0)
  } else {
    end.setTime(now + durationMs(duration))
  }
  if (end.getUTCFullYear() > 9999) {
    throw invalidRequest(`\`${param}\` ends after the year 9999. For a key without an end leave it out.`, param)
  }
  return end.toISOString()
}

/** Whether an end (none: never) is later than another. */
export function isLater(end: string | null | undefined, than: string | null | undefined): boolean {
  return (end ? moment(end) : Infinity) > (than ? moment(than) : Infinity)
}

function changesOf(key: KeyDocument, body: Body): Record<string, unknown> {
  const fields = pick(body, keyFields)
  const given = body['duration'] as string | null | undefined
  const duration = given === FOR_EVER ? null : given
  const type = body['key_type'] as string | null | undefined
  if (type && type !== 'default' && Array.isArray(fields['allowed_routes']) && fields['allowed_routes'].length > 0) {
    throw invalidRequest('`key_type` sets `allowed_routes`: give one of them.', 'allowed_routes')
  }
  return {
    ...fields,
    ...budgetFieldsOf(body),
    ...(fields['models'] === null ? { models: [] } : {}),
    ...(duration === undefined ? {} : { expires: duration === null ? null : endOf(duration, Date.now()) }),
    ...(type === undefined ? {} : { key_type: type }),
    ...(type ? { allowed_routes: routesOfType[type] ?? fields['allowed_routes'] ?? null } : {}),
    other: mergeOther(key.other, rest(body, knownKeyFields)),
  }
}

/** LiteLLM's own clients send empty lists and maps for what they do not mean. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === false) return true
  return typeof value === 'object' && Object.keys(value as object).length === 0
}
