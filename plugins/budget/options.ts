import { isDuration, z } from '../../src/index.ts'

/** Options of the plugin. */
export const options = z.object({
  max: z
    .number()
    .nonnegative()
    .optional()
    .describe('USD that the whole gateway may spend, in a `window` or for ever. Default, as 0: no such budget.'),
  window: z
    .string()
    .refine((text) => isDuration(text), 'must be a number with s, m, h, d, w or mo, such as 30d')
    .optional()
    .describe('Window of `max`: `1d`, `7d`, `1mo`. Default: for ever.'),
  timezone: z
    .string()
    .refine(isTimezone, 'is no timezone, such as Europe/Berlin')
    .default('UTC')
    .describe('Whose midnight windows of days, weeks and months begin at.'),
  defaultOutputTokens: z
    .int()
    .positive()
    .default(4096)
    .describe(
      'Output that is reserved for a call that sets no maximum, at a model whose limit nobody knows (`info.max_output_tokens`).',
    ),
  imageTokens: z
    .int()
    .positive()
    .default(6000)
    .describe('Tokens that are reserved for a picture in a prompt, which text is no measure of.'),
  unknownPrice: z
    .enum(['allow', 'refuse'])
    .default('allow')
    .describe('Calls under a budget to models whose price nobody knows: `allow` counts 0, `refuse` answers 400.'),
  streams: z
    .enum(['stop', 'finish'])
    .default('stop')
    .describe(
      'A stream that outgrows what could be reserved for it: `stop` ends it with an error event, `finish` overspends by it.',
    ),
  whenAway: z
    .enum(['open', 'closed'])
    .default('closed')
    .describe(
      'Calls under a budget while the store of counters is away: `closed` 503, `open` they go on and are counted later.',
    ),
})

export type BudgetOptions = typeof options._output

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0)
    return true
  } catch {
    return false
  }
}
