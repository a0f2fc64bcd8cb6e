import type { z } from 'zod'
import { invalidRequest } from './error.ts'
import type { GatewayError } from './error.ts'

type Issue = z.core.$ZodIssue

/** Checks a parsed body; throws a 400 that names the first field at fault, as a path (`messages[0].role`). */
export function checkRequest(schema: z.ZodType, body: unknown): void {
  const result = schema.safeParse(body)
  if (!result.success) throw toInvalidRequest(result.error.issues[0]!, body)
}

function toInvalidRequest(found: Issue, body: unknown): GatewayError {
  const issue = deepest(found)
  const param = toPath(issue.path)
  if (valueAt(body, issue.path) === undefined) {
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
  const best = branches.reduce((a, b) => (isFurther(b.path, a.path) ? b : a), branches[0]!)
  if (best.path.length === 0) return { ...issue, message: unionMessage(branches) } as Issue
  return deepest({ ...best, path: [...issue.path, ...best.path] } as Issue)
}

/** Deeper, or equally deep and behind more list entries that were right. */
function isFurther(a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean {
  if (a.length !== b.length) return a.length > b.length
  const i = a.findIndex((key, at) => key !== b[at])
  const [left, right] = [a[i], b[i]]
  return typeof left === 'number' && typeof right === 'number' && left > right
}

function unionMessage(branches: readonly Issue[]): string {
  const kinds = branches.map((branch) => ('expected' in branch ? String(branch.expected) : 'another value'))
  return `expected ${[...new Set(kinds)].join(' or ')}`
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], body)
}
