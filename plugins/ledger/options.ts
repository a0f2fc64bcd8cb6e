import { isDuration, z } from '../../src/index.ts'

/** Options of the ledger. */
export const options = z.object({
  url: z
    .string()
    .regex(/^(sqlite:|postgres(ql)?:\/\/)./, 'must begin with sqlite: or postgres://')
    .default('sqlite:./.data/ledger.db')
    .describe(
      'The database: `sqlite:` with a file below the project, or `postgres://user:password@host:5432/name`. ' +
        'SQLite needs Node 22.13 or newer.',
    ),
  disabled: z
    .boolean()
    .default(false)
    .describe('Keep nothing, though a database is named (LiteLLM’s `disable_spend_logs`).'),
  journal: z
    .string()
    .min(1)
    .default('.data/journal')
    .describe('The folder of the journal that rows wait in until the database has them. On a local disk.'),
  prompts: z.boolean().default(false).describe('Store prompts and answers with the rows.'),
  redact: z
    .array(z.string().min(1).refine(isPattern, 'is not a regular expression'))
    .default([])
    .describe('Regular expressions: what they match in stored prompts and answers becomes `[redacted]`.'),
  maxText: z.int().min(100).default(10_000).describe('Characters kept of each text in stored prompts and answers.'),
  retention: z
    .string()
    .refine(isDuration, 'must be a number with s, m, h, d, w or mo, such as 30d')
    .optional()
    .describe('Rows older than this are deleted (`30d`); daily sums stay. Default: kept for ever.'),
  whenFull: z
    .enum(['continue', 'refuse'])
    .default('continue')
    .describe(
      'When the journal cannot be written (disk full): `continue` answers calls and keeps up to 10,000 rows in memory; ' +
        '`refuse` answers 503 before a provider is called, and keeps room on the disk for calls under way.',
    ),
})

function isPattern(source: string): boolean {
  try {
    new RegExp(source, 'g')
    return true
  } catch {
    return false
  }
}
