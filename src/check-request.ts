import type { z } from 'zod'
import { invalidRequest } from './error.ts'
import type { GatewayError } from './error.ts'

type Issue = z.core.$ZodIssue

/** Checks a parsed body; throws a 400 that names the first field at fault, as a path (`messages[0].role`). */
export function checkRequest(schema: z.ZodType, body: unknown): void {
  const result = schema.safeParse(body)
  if (!result.success) throw toInvalidRequest(result.error.issues[0]!)
}

/** One zod issue as the caller should read it. */
export function toInvalidRequest(found: Issue): GatewayError {
  const issue = deepest(found)
  const param = toPath(issue.path)
  if (isMissing(issue)) {
    return invalidRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter')
  }
  return invalidRequest(
    `Invalid value for '${param}': ${issue.message.replace(/^Invalid input: /, '')}.`,
    param,
    'invalid_value',
  )
}

/** `['messages', 0, 'role']` → `messages[0].role`. */
export function toPath(path: readonly PropertyKey[]): string {
  let out = ''
  for (const key of path) out += typeof key === 'number' ? `[${key}]` : out ? `.${String(key)}` : String(key)
  return out
}

/** Of a union's branches the one that got furthest says best what is wrong. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue
  const branches = issue.errors.map((errors) => errors[0]).filter((error) => error !== undefined)
  const best = branches.reduce((a, b) => (b.path.length > a.path.length ? b : a), branches[0]!)
  if (best.path.length === 0) return { ...issue, message: unionMessage(branches) } as Issue
  return deepest({ ...best, path: [...issue.path, ...best.path] } as Issue)
}

function unionMessage(branches: readonly Issue[]): string {
  const kinds = branches.map((branch) => ('expected' in branch ? String(branch.expected) : 'another value'))
  return `expected ${[...new Set(kinds)].join(' or ')}`
}

function isMissing(issue: Issue): boolean {
  return issue.code === 'invalid_type' && /received undefined/.test(issue.message)
}
