import { z } from 'zod'
import { modelConfigSchema } from './schema-model.ts'
import { isPlain } from './plain.ts'
import type { Plain } from './plain.ts'
import type { AnyPluginDefinition } from '../types/plugin.ts'
import type { ProviderDefinition } from '../types/provider.ts'

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'
const bytes = z.number().int().positive()

/** `GatewayConfig`, strict at the top so that mistyped keys are found. It fills in no defaults. */
export const gatewayConfigSchema = z.strictObject({
  port: z.number().int().min(0).max(65535).optional().describe('Port to listen on; 0 takes a free one. Default 4000.'),
  host: z
    .string()
    .min(1)
    .optional()
    .describe('Address to listen on. Default 127.0.0.1 without a master key, 0.0.0.0 with one.'),
  models: z.array(modelConfigSchema).optional().describe('The models that clients can call.'),
  aliases: z
    .record(z.string(), z.string().min(1))
    .optional()
    .describe('Other names for models, such as fast: groq/llama-3.3-70b-versatile.'),
  plugins: z
    .record(z.string(), z.union([z.boolean(), z.record(z.string(), z.unknown())]))
    .optional()
    .describe('Options of plugins by name; false turns one off, {} turns an optional one on.'),
  providers: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .optional()
    .describe('Options of providers by name, for all their deployments.'),
  use: z
    .array(
      z
        .any()
        .refine(isUseEntry, { error: 'expected a path, a package name or a definition. Give one of these.' })
        .meta({ type: 'string' }),
    )
    .optional()
    .describe('Plugins and providers besides the discovered ones: paths, package names or definitions. Later wins.'),
  folders: z
    .strictObject({
      plugins: z.string().min(1).optional().describe('Folder of plugins. Default plugins.'),
      providers: z.string().min(1).optional().describe('Folder of providers. Default providers.'),
      callbacks: z.string().min(1).optional().describe('Folder of callbacks. Default callbacks.'),
    })
    .optional()
    .describe('Folders to discover, relative to the config.'),
  environment: z
    .boolean()
    .optional()
    .describe('Take the providers whose keys are in the environment. Default: only when models is empty.'),
  dropParams: z
    .boolean()
    .optional()
    .describe('Drop fields that a provider cannot carry instead of refusing the call. Default false.'),
  timeout: z.number().positive().optional().describe('Seconds for a whole call. Default 600.'),
  limits: z
    .strictObject({
      body: bytes.optional().describe('Bytes of a JSON body. Default 10485760 (10 MiB).'),
      upload: bytes.optional().describe('Bytes of a multipart or binary body. Default 67108864 (64 MiB).'),
      depth: z.number().int().positive().optional().describe('Depth of JSON. Default 64.'),
      calls: z
        .number()
        .int()
        .positive()
        .optional()
        .describe('Calls in progress in this process; further ones get 503. Default unlimited. See overload.md.'),
      connections: z
        .number()
        .int()
        .positive()
        .optional()
        .describe(
          "Clients' connections to the gateway's own server. Default half of the descriptors that it may open, where the system says how many.",
        ),
      overload: z
        .boolean()
        .optional()
        .describe('Refuse calls with 503 while the process cannot keep up. Default true.'),
    })
    .optional()
    .describe('Largest requests that are accepted, and how many at once.'),
  storage: z
    .record(
      z.string(),
      z.looseObject({
        driver: z.string().min(1).describe('unstorage driver, such as redis.'),
        ttl: z.number().positive().optional().describe('Seconds that entries live where a write says nothing.'),
      }),
    )
    .optional()
    .describe('Where documents are kept: unstorage mounts by name; default is the root. See storage.md.'),
  counters: z
    .strictObject({
      journal: z
        .boolean()
        .optional()
        .describe('Keep spend over a restart where counters are in memory (.data/counters.journal). Default true.'),
    })
    .optional()
    .describe('Numbers that race: in the Redis of the mount counters or default, else in memory.'),
  passThrough: z
    .strictObject({
      default: z.string().min(1).optional().describe('Model name or deployment id for paths that have no route.'),
      routes: z
        .record(z.string(), z.string().min(1))
        .optional()
        .describe('Model name or deployment id by path, such as /files.'),
    })
    .optional()
    .describe('Which deployment serves OpenAI paths that name no model, such as files and batches.'),
  heartbeat: z
    .number()
    .min(0)
    .max(300)
    .optional()
    .describe('Seconds of silence after which a stream gets an SSE comment; 0 never. Default 15.'),
  connections: z.number().int().positive().optional().describe('Upstream connections per origin. Default unlimited.'),
})

/**
 * The JSON Schema of a whole config, with every plugin's and provider's own options: for the completion of
 * `gateway.config.yaml` and `.json` in editors. Nothing that the environment can fill is required.
 */
export function gatewayConfigJsonSchema(
  pluginDefs: Iterable<AnyPluginDefinition>,
  providerDefs: Iterable<ProviderDefinition>,
): Record<string, unknown> {
  const providers = [...providerDefs]
  const schema = toJSONSchema(gatewayConfigSchema)
  const properties = schema['properties'] as Record<string, Plain>
  properties['$schema'] = { type: 'string', description: 'URL or path of this schema, for editors.' }
  properties['extends'] = {
    anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    description: 'Configs to take missing keys from: relative paths or package names.',
  }
  properties['plugins']!['properties'] = Object.fromEntries(
    [...pluginDefs].map((plugin) => [plugin.name, pluginSchema(plugin)]),
  )
  properties['providers']!['properties'] = Object.fromEntries(
    providers.flatMap((provider) => names(provider).map((name) => [name, optionsSchema(provider)])),
  )
  const model = properties['models']!['items'] as Plain
  model['allOf'] = providers.map(providerOptionsOfModel)
  return { $schema: DIALECT, title: 'Gateway config', ...schema, patternProperties: { '^\\$': {} } }
}

function pluginSchema(plugin: AnyPluginDefinition): Plain {
  const options = describe(toJSONSchema(plugin.options), plugin.description)
  return { ...describe({}, plugin.description), anyOf: [options, { type: 'boolean' }] }
}

/** Completes a provider's options in entries whose model begins with its name. */
function providerOptionsOfModel(provider: ProviderDefinition): Plain {
  const prefixes = names(provider).map((name) => name.replace(/[^\w/-]/g, '\\$&'))
  const options = optionsSchema(provider)
  return {
    if: {
      anyOf: [
        { properties: { model: { type: 'string', pattern: `^(${prefixes.join('|')})/` } }, required: ['model'] },
        { properties: { provider: { enum: names(provider) } }, required: ['provider'] },
      ],
    },
    // oxlint-disable-next-line unicorn/no-thenable -- "then" is a keyword of JSON Schema
    then: { properties: options['properties'] ?? {} },
  }
}

function optionsSchema(provider: ProviderDefinition): Plain {
  const { required: _required, ...schema } = toJSONSchema(provider.options)
  return describe(schema, provider.description)
}

function toJSONSchema(schema: z.ZodType): Plain {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return json
}

function describe(schema: Plain, description: string | undefined): Plain {
  return description === undefined || 'description' in schema ? schema : { ...schema, description }
}

function names(provider: ProviderDefinition): string[] {
  return [provider.name, ...(provider.aliases ?? [])]
}

function isUseEntry(value: unknown): boolean {
  if (typeof value === 'string') return value !== ''
  return (
    isPlain(value) && typeof value['name'] === 'string' && (value['kind'] === 'plugin' || value['kind'] === 'provider')
  )
}
