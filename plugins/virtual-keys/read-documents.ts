import type {
  Awaitable,
  BudgetDocument,
  Directory,
  DirectoryDocuments,
  DirectoryKind,
  KeyDocument,
  OrganizationDocument,
  TeamDocument,
  UserDocument,
} from '../../src/index.ts'

/** All that says what a key may do. Absent where nothing is named; `missing` where what is named is not there. */
export interface KeyDocuments {
  readonly key: KeyDocument
  /** Until when the presented key is accepted, where it was replaced by another; milliseconds since the epoch. */
  readonly graceUntil?: number | undefined
  readonly teamId: string | undefined
  readonly team: TeamDocument | undefined
  readonly user: UserDocument | undefined
  readonly organizationId: string | undefined
  readonly organization: OrganizationDocument | undefined
  readonly keyBudget: BudgetDocument | undefined
  readonly teamBudget: BudgetDocument | undefined
  readonly userBudget: BudgetDocument | undefined
  readonly organizationBudget: BudgetDocument | undefined
}

type Reading = Generator<readonly [DirectoryKind, string], KeyDocuments | undefined, unknown>

/** A key that was rotated during the grace of another: no longer chain is followed. */
const MOST_ROTATIONS = 10

/**
 * Reads a key and all its owners: at once where the directory knows them, without a promise.
 * @param teamId a team that the caller chose, in place of the key's
 * @returns undefined for a key that does not exist
 */
export function readDocuments(
  directory: Directory,
  token: string,
  teamId?: string,
): Awaitable<KeyDocuments | undefined> {
  return resume(directory, documentsOf(token, teamId), undefined)
}

function* documentsOf(token: string, chosenTeam: string | undefined): Reading {
  let key = (yield ['key', token]) as KeyDocument | undefined
  let graceUntil: number | undefined
  for (let i = 0; key?.replaced_by !== undefined && i < MOST_ROTATIONS; i++) {
    graceUntil = Math.min(graceUntil ?? Infinity, Date.parse(key.grace_until ?? '') || 0)
    key = (yield ['key', key.replaced_by]) as KeyDocument | undefined
  }
  if (!key) return undefined
  const teamId = chosenTeam ?? key.team_id ?? undefined
  const team = (yield* maybe('team', teamId)) as TeamDocument | undefined
  const user = (yield* maybe('user', key.user_id)) as UserDocument | undefined
  const organizationId = team?.organization_id ?? key.organization_id ?? undefined
  const organization = (yield* maybe('organization', organizationId)) as OrganizationDocument | undefined
  return {
    key,
    graceUntil,
    teamId,
    team,
    user,
    organizationId,
    organization,
    keyBudget: (yield* maybe('budget', key.budget_id)) as BudgetDocument | undefined,
    teamBudget: (yield* maybe('budget', team?.budget_id)) as BudgetDocument | undefined,
    userBudget: (yield* maybe('budget', user?.budget_id)) as BudgetDocument | undefined,
    organizationBudget: (yield* maybe('budget', organization?.budget_id)) as BudgetDocument | undefined,
  }
}

function* maybe(kind: DirectoryKind, id: string | null | undefined): Generator<readonly [DirectoryKind, string]> {
  return id ? yield [kind, id] : undefined
}

/** Steps through a reading; only a document that has to be fetched costs a promise. */
function resume(directory: Directory, reading: Reading, value: unknown): Awaitable<KeyDocuments | undefined> {
  let step = reading.next(value)
  while (!step.done) {
    const found: Awaitable<DirectoryDocuments[DirectoryKind] | undefined> = directory.get(...step.value)
    if (isPromise(found)) return found.then((document) => resume(directory, reading, document))
    step = reading.next(found)
  }
  return step.value
}

/** Whether a directory had to go to storage. */
export function isPromise<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
