/**
 * What a member of a team is counted under: `team/user`. Ids of users may hold slashes; those of teams as well where an
 * identity provider names them by paths (`/staff/search`), and no two members may share a counter.
 */
export function teamMemberId(team: string, user: string): string {
  return `${team.replaceAll('%', '%25').replaceAll('/', '%2F')}/${user}`
}
