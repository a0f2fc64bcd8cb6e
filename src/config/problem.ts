import { isAbsolute, relative } from 'node:path'

/** One mistake in a config. */
export interface ConfigProblem {
  /** The file as shown to the user; empty for a config given in code. */
  readonly file: string
  /** Path of the option: `models[2].rpm`; empty for the file as a whole. */
  readonly path: string
  /** Reason and fix, in sentences. Never holds the value, which may be a secret. */
  readonly message: string
}

/** A config that must not be started. The message has one line per problem: `file: path.to.option: reason. fix`. */
export class ConfigError extends Error {
  override readonly name: string = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.problems = problems
  }
}

/** Renders one problem as `file: path: reason. fix`. */
export function formatProblem(problem: ConfigProblem): string {
  return [problem.file, problem.path, problem.message].filter(Boolean).join(': ')
}

/** Renders a path as a reader of the file would write it: `models[2].headers["x-team"]`. */
export function toPath(segments: readonly PropertyKey[]): string {
  let path = ''
  for (const segment of segments) {
    if (typeof segment === 'number') path += `[${segment}]`
    else if (/^[A-Za-z_$][\w$-]*$/.test(String(segment))) path += path ? `.${String(segment)}` : String(segment)
    else path += `[${JSON.stringify(String(segment))}]`
  }
  return path
}

/** What a value is, in words for an error message. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  if (typeof value === 'number') return 'a number'
  if (typeof value === 'boolean') return 'true or false'
  return typeof value === 'function' ? 'a function' : 'a map'
}

/** A file's name as shown to the user: relative to `cwd` when it lies below it. */
export function displayPath(file: string, cwd: string): string {
  const path = relative(cwd, file)
  return path.startsWith('..') || isAbsolute(path) ? file : path
}
