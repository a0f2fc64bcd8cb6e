import { invalidRequest } from '../../../src/index.ts'
import type { KeyDocument } from '../../../src/index.ts'
import type { Owners } from '../who-may.ts'
import { endOf, isLater } from './to-key.ts'

/**
 * LiteLLM's `team_member_key_duration`: keys of members live so long where nothing is said, and no longer. Service accounts,
 * which are nobody's, are free of it.
 */
export function withTeamDuration(key: KeyDocument, owners: Owners): KeyDocument {
  const latest = latestEnd(key, owners)
  if (latest !== undefined && !key.expires) return { ...key, expires: latest }
  requireTeamDuration(key, owners)
  return key
}

/** Throws a 400 for a key that lives longer from now than its team lets keys of members. */
export function requireTeamDuration(key: KeyDocument, owners: Owners): void {
  const latest = latestEnd(key, owners)
  if (latest === undefined || !isLater(key.expires, latest)) return
  const most = owners.team!.team_member_key_duration!
  throw invalidRequest(`Keys of members of this team live ${most} at most.`, 'duration', 'above_team')
}

function latestEnd(key: KeyDocument, { team }: Owners): string | undefined {
  const most = team?.team_member_key_duration
  return most && key.user_id ? endOf(most, Date.now(), 'team_member_key_duration') : undefined
}
