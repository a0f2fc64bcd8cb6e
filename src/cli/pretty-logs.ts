import { logger } from '../logger.ts'

/** Colours, signs and times where somebody watches; what measures text for them loads the tables of all languages. */
export async function prettyLogs(): Promise<void> {
  if (!process.stdout.isTTY) return
  const { createConsola } = await import('consola')
  const { reporters } = createConsola().options
  logger.setReporters(reporters)
  logger.options.formatOptions = { ...logger.options.formatOptions, date: true, colors: true }
}
