import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { displayPath, kindOf } from './problem.ts'
import { envReference, readEnv } from './env.ts'
import { readErrorText } from './read-error.ts'
import type { ConfigProblem } from './problem.ts'
import type { Plain } from './plain.ts'

/** One file of a LiteLLM config, as parsed. */
export interface LitellmFile {
  /** The file as shown to the user. */
  readonly file: string
  readonly raw: Plain
}

/**
 * Loads the files that `include` names (a path or a list, relative to the file that says it), and theirs, in the order
 * in which they are merged. A file that includes itself by any way is a problem; one that is included twice by
 * different files is taken once.
 */
export async function loadIncludes(
  raw: Plain,
  options: {
    file: string
    cwd: string
    env: NodeJS.ProcessEnv
    read: (file: string) => Promise<Plain>
    /** Told of every file that is named, there or not. */
    look: (file: string) => void
  },
): Promise<{ includes: LitellmFile[]; files: string[]; problems: ConfigProblem[] }> {
  const includes: LitellmFile[] = []
  const problems: ConfigProblem[] = []
  const seen = new Set<string>()
  const visit = async (parent: Plain, file: string, chain: readonly string[]): Promise<void> => {
    const shown = displayPath(file, options.cwd)
    const report = (path: string, message: string): number => problems.push({ file: shown, path, message })
    const { include } = parent
    if (include === undefined || include === null) return
    for (const [index, entry] of [include].flat().entries()) {
      const path = Array.isArray(include) ? `include[${index}]` : 'include'
      const variable = envReference(entry)
      const name = variable === undefined ? entry : (readEnv(options.env, variable) ?? entry)
      if (typeof name !== 'string' || name === '') {
        report(path, `expected the path of a file, got ${kindOf(name)}. Write a path relative to this file.`)
        continue
      }
      const target = resolve(dirname(file), name)
      options.look(target)
      if (chain.includes(target)) {
        const loop = [...chain.slice(chain.indexOf(target)), target].map((item) => relative(dirname(chain[0]!), item))
        report(path, `the file includes itself: ${loop.join(' → ')}. Remove one of these includes.`)
      } else if (!existsSync(target)) {
        report(path, `${name} was not found. Paths are relative to the file that includes them.`)
      } else if (!seen.has(target)) {
        seen.add(target)
        try {
          const included = await options.read(target)
          includes.push({ file: displayPath(target, options.cwd), raw: included })
          await visit(included, target, [...chain, target])
        } catch (error) {
          report(path, `${name} cannot be read: ${readErrorText(error)}. Correct the file.`)
        }
      }
    }
  }
  await visit(raw, options.file, [options.file])
  return { includes, files: [...seen], problems }
}
