import { z } from '../../src/index.ts'
import type { JsonSchema } from './types.ts'

/** Collects schemas that have a name (`.meta({ id })`) and refers to them. */
export interface Components {
  readonly schemas: Record<string, JsonSchema>
  /** The JSON Schema of what a caller sends or reads; named schemas in it become references. */
  toSchema(schema: z.ZodType): JsonSchema
}

const PLACE = '#/components/schemas/'

/** Makes an empty collection. */
export function createComponents(): Components {
  const schemas: Record<string, JsonSchema> = {}

  const sources = new Map<string, string>()

  /** A free name, or the one under which the same schema is already there: plugins may choose the same id. */
  const nameFor = (id: string, schema: JsonSchema): string => {
    const source = JSON.stringify(schema)
    for (let i = 1; ; i++) {
      const name = i === 1 ? id : `${id}${i}`
      if ((sources.get(name) ?? source) !== source) continue
      sources.set(name, source)
      return name
    }
  }

  return {
    schemas,
    toSchema(schema) {
      // One of zod 3, which checks but cannot be described: the rest of the document does not depend on it.
      if ((schema as { _zod?: unknown })._zod === undefined) return {}
      const {
        $schema: _dialect,
        $defs = {},
        ...root
      } = z.toJSONSchema(schema, {
        target: 'draft-2020-12',
        // What a client may send is the looser reading, and answers may gain fields: never `additionalProperties: false`.
        io: 'input',
        unrepresentable: 'any',
        override: ({ jsonSchema }) => dropSafeIntegerBounds(jsonSchema),
      }) as JsonSchema & { $defs?: Record<string, JsonSchema> }
      // A schema without a name that contains itself needs one to be referred to.
      const recursive = JSON.stringify([root, $defs]).includes('"$ref":"#"')
      const defs = Object.entries(recursive ? { ...$defs, Schema: root } : $defs)
      const names = new Map(defs.map(([id, def]) => [id, nameFor(toComponentName(id), withoutIds(def))]))
      for (const [id, def] of defs) schemas[names.get(id)!] = relink(withoutIds(def), names)
      return recursive ? { $ref: PLACE + names.get('Schema')! } : relink(withoutIds(root), names)
    },
  }
}

/** OpenAPI allows fewer signs in a component's name than zod in an id; `__schema0` is zod's own for unnamed ones. */
function toComponentName(id: string): string {
  return id.replace(/^__schema/, 'Schema').replace(/[^\w.-]/g, '_')
}

function withoutIds({ $id: _id, id: _name, ...schema }: JsonSchema): JsonSchema {
  return schema
}

/** Points references at the components instead of the schema's own definitions. */
function relink<T>(value: T, names: ReadonlyMap<string, string>): T {
  if (Array.isArray(value)) return value.map((item: unknown) => relink(item, names)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      if (key !== '$ref' || typeof item !== 'string') return [key, relink(item, names)]
      const id = item === '#' ? 'Schema' : item.replace('#/$defs/', '')
      return [key, PLACE + (names.get(id) ?? id)]
    }),
  ) as T
}

/** `z.int()` means JavaScript's safe integers; written out, the bounds only make noise. */
function dropSafeIntegerBounds(schema: { maximum?: number; minimum?: number }): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
}
