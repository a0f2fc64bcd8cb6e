import type { Directory, Principal } from '../../src/index.ts'
import { GatewayError, StoreAway } from '../../src/index.ts'
import type { Query } from './query.ts'
import { readNames } from './query.ts'

/** Who asks for a report: a caller, and what of the teams and organizations that it names is the caller's to watch over. */
export interface Viewer {
  readonly principal: Principal | undefined
  readonly team: ReadonlySet<string>
  readonly organization: ReadonlySet<string>
  /** A key of a team or an organization that is a user's: others than the user may have made it, and hold it. */
  readonly bound: boolean
}

const NONE: ReadonlySet<string> = new Set()
/** Documents that one question reads at most. */
const MOST_NAMES = 100

/**
 * Finds out which of the teams and organizations that a query names the caller's user is an admin of. A key of a team or an
 * organization acts for its user there only; a token of an identity provider is the user's own. Throws a 503 where the
 * documents cannot be read.
 */
export async function toViewer(directory: Directory, principal: Principal | undefined, query: Query): Promise<Viewer> {
  const user = principal?.user
  const teams = (user !== undefined && readNames(query, 'team_id', 'team_ids')) || []
  const organizations = (user !== undefined && readNames(query, 'organization_ids')) || []
  const isKey = async () => {
    if (user === undefined || (principal?.team === undefined && principal?.organization === undefined)) return false
    return (await directory.get('key', principal.id)) !== undefined
  }
  const adminOf = async (id: string) => {
    if (principal?.team !== undefined) return false
    if (principal?.organization !== undefined && principal.organization !== id) return false
    const organization = await directory.get('organization', id)
    return (
      organization?.members.some(({ user_id, user_role }) => user_id === user && user_role === 'org_admin') ?? false
    )
  }
  const leads = async (id: string) => {
    if (principal?.team !== undefined && principal.team !== id) return false
    const team = await directory.get('team', id)
    if (principal?.team === undefined && principal?.organization !== undefined) {
      if (team?.organization_id !== principal.organization) return false
    }
    if (team?.members_with_roles.some(({ user_id, role }) => user_id === user && role === 'admin')) return true
    return team?.organization_id ? adminOf(team.organization_id) : false
  }
  try {
    const bound = await isKey()
    if (teams.length + organizations.length > MOST_NAMES) return { principal, bound, team: NONE, organization: NONE }
    return { principal, bound, team: await filter(teams, leads), organization: await filter(organizations, adminOf) }
  } catch (error) {
    if (!(error instanceof StoreAway)) throw error
    throw new GatewayError(503, 'Teams and organizations cannot be read at the moment. Try again shortly.', {
      code: 'store_away',
      retryAfter: 1,
      cause: error,
    })
  }
}

async function filter(ids: readonly string[], test: (id: string) => Promise<boolean>): Promise<ReadonlySet<string>> {
  const found = await Promise.all(ids.map(async (id) => ((await test(id)) ? [id] : [])))
  return new Set(found.flat())
}
