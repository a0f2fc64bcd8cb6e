import type { z } from 'zod'

/** Checks what is checked at start alone: a parser that zod compiles for each object first would cost more than it saves. */
export function checkOnce<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.ZodSafeParseResult<z.output<Schema>> {
  return schema.safeParse(value, { jitless: true })
}
