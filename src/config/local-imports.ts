import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

const IMPORT = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\()\s*(['"])(\.{1,2}\/[^'"\n]*)\1/g
const ENDINGS = ['', '.ts', '.mts', '.js', '.mjs', '.cts', '.cjs', '.json', '/index.ts', '/index.js']
const MAX_FILES = 200

/**
 * The files that a config imports by relative path, theirs included: an edit of one is an edit of the config. Found by
 * text, not by running: an import whose path is computed is not seen.
 * @param look receives every path that was looked at, also where there is no file
 */
export function localImports(file: string, look?: (path: string) => void): string[] {
  const found = new Set<string>()
  const open = [file]
  while (open.length > 0 && found.size < MAX_FILES) {
    const current = open.pop()!
    for (const [, , specifier] of readText(current).matchAll(IMPORT)) {
      const path = resolve(dirname(current), specifier!)
      if (look) for (const ending of ENDINGS) look(path + ending)
      const target = resolveFile(path)
      if (target === undefined || target === file || found.has(target)) continue
      found.add(target)
      open.push(target)
    }
  }
  return [...found]
}

/** The file that a path without ending means, or undefined. */
export function resolveFile(path: string, endings: readonly string[] = ENDINGS): string | undefined {
  return endings
    .map((ending) => path + ending)
    .find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile())
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
