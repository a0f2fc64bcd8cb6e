/** An option without which a driver of unstorage is made all the same, and then fails with the first document. */
interface Needed {
  readonly option: string
  readonly isGood: (value: unknown) => boolean
  /** Reason and fix. */
  readonly what: string
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const has = (value: unknown, method: string): boolean =>
  typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function'
const text = (...options: string[]): Needed[] =>
  options.map((option) => ({ option, isGood: isText, what: 'a text. Set it' }))

const NEEDED: Readonly<Record<string, readonly Needed[]>> = {
  overlay: [
    {
      option: 'layers',
      isGood: (value) => Array.isArray(value) && value.length > 0 && value.every((layer) => has(layer, 'getItem')),
      what: 'a list of drivers that were made. Make them in a gateway.config.ts, or name another driver',
    },
  ],
  http: [
    {
      option: 'base',
      isGood: (value) => typeof value === 'string' && /^https?:\/\/./i.test(value),
      what: 'the URL of the server that keeps the documents. Set it to one that begins with http:// or https://',
    },
  ],
  github: [
    {
      option: 'repo',
      isGood: (value) => typeof value === 'string' && /^[^/\s]+\/[^/\s]+$/.test(value),
      what: 'the repository. Set it to owner/name',
    },
  ],
  db0: [
    {
      option: 'database',
      isGood: (value) => has(value, 'sql'),
      what: "a database of db0's createDatabase(). Make it in a gateway.config.ts, or name another driver",
    },
  ],
  mongodb: text('connectionString'),
  planetscale: text('url'),
  s3: text('accessKeyId', 'secretAccessKey', 'endpoint', 'region'),
}

/** The first option that a driver needs and does not have, with what it is. */
export function missingOption(
  driver: string,
  options: Readonly<Record<string, unknown>>,
): { option: string; what: string } | undefined {
  return Object.hasOwn(NEEDED, driver)
    ? NEEDED[driver]!.find(({ option, isGood }) => !isGood(options[option]))
    : undefined
}
