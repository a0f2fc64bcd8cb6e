import type { ConsolaReporter } from 'consola/core'

type Format = (...args: unknown[]) => string

/**
 * Plain lines (`[warn] [gateway] …`), as consola's basic reporter writes them. That one imports Node's modules, which the
 * public entry must not: there are runtimes without them.
 */
export const plainLogs: ConsolaReporter = {
  log({ type, tag, level, args }, { options }) {
    const words = args.map((arg) => (hasStack(arg) ? withStack(arg, 0) : arg))
    const signs = [type, tag].filter(Boolean).map((sign) => `[${sign}]`)
    const util: { format: Format } | undefined = globalThis.process?.getBuiltinModule?.('node:util')
    const isBad = level < 2
    const stream = isBad ? options.stderr : options.stdout
    if (!util || !stream) return isBad ? console.error(...signs, ...words) : console.log(...signs, ...words)
    stream.write(`${[...signs, util.format(...words)].join(' ')}\n`)
  },
}

function hasStack(value: unknown): value is Error {
  return typeof (value as Partial<Error> | null | undefined)?.stack === 'string'
}

/** The message, where it was thrown (shorter by the working directory), and the same of what caused it. */
function withStack({ message, stack = '', cause }: Error, level: number): string {
  const folder = globalThis.process?.cwd?.()
  const here = folder === undefined ? '' : `${folder}/`
  const frames = stack.split('\n').slice(message.split('\n').length)
  const indent = '  '.repeat(level + 1)
  const lines = frames.map((line) => `\n${indent}${line.trim().replace('file://', '').replace(here, '')}`)
  const why = cause ? `\n\n${indent}[cause]: ${hasStack(cause) ? withStack(cause, level + 1) : String(cause)}` : ''
  return `${message}${lines.join('')}${why}`
}
