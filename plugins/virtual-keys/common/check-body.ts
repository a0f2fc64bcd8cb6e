import { invalidRequest } from '../../../src/index.ts'
import type { z } from '../../../src/index.ts'

/** Checks a part of a body that is checked by itself. Throws a 400 that names the first field at fault. */
export function checkBody(schema: z.ZodType, body: unknown): void {
  const result = schema.safeParse(body)
  if (result.success) return
  const { path, message } = result.error.issues[0]!
  const param = path.map(String).join('.')
  throw invalidRequest(`Invalid value for '${param}': ${message}.`, param, 'invalid_value')
}
