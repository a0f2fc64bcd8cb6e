import type { Fields } from './fields.ts'

/** A number that fits a schema's bounds and `multipleOf`: 1 where nothing forbids it. */
export function sampleNumber(schema: Fields, integer: boolean): number {
  const bound = (name: string) => (typeof schema[name] === 'number' ? schema[name] : undefined)
  const step = bound('multipleOf') ?? (integer ? 1 : undefined)
  const low = bound('minimum') ?? bound('exclusiveMinimum')
  const high = bound('maximum') ?? bound('exclusiveMaximum')
  const fits = (value: number) =>
    Number.isFinite(value) &&
    (!integer || Number.isInteger(value)) &&
    value >= (bound('minimum') ?? -Infinity) &&
    value <= (bound('maximum') ?? Infinity) &&
    value > (bound('exclusiveMinimum') ?? -Infinity) &&
    value < (bound('exclusiveMaximum') ?? Infinity) &&
    (step === undefined || Number.isInteger(value / step))
  return candidates(low, high, step).find(fits) ?? 1
}

function candidates(low: number | undefined, high: number | undefined, step: number | undefined): number[] {
  const values = [1, 0]
  if (step !== undefined) {
    values.push(step)
    if (low !== undefined) values.push(Math.ceil(low / step) * step, (Math.floor(low / step) + 1) * step)
    if (high !== undefined) values.push(Math.floor(high / step) * step, (Math.ceil(high / step) - 1) * step)
  }
  if (low !== undefined) values.push(low, low + 1)
  if (high !== undefined) values.push(high, high - 1)
  if (low !== undefined && high !== undefined) values.push((low + high) / 2)
  // `-0` is printed as 0 but is not equal to it everywhere.
  return values.map((value) => value + 0)
}
