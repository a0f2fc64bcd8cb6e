import { writeFileSync } from 'node:fs'
import { z } from 'zod'
import { gatewayConfigSchema } from '../src/config/schema.ts'
import { discover } from '../src/discovery.ts'
import type { Discovered } from '../src/discovery.ts'
import type { AnyPluginDefinition, ProviderDefinition } from '../src/index.ts'
import * as registry from '../src/registry.gen.ts'

interface Schema {
  readonly type?: string | string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: unknown[]
  readonly const?: unknown
  readonly properties?: Record<string, Schema>
  readonly items?: Schema
  readonly anyOf?: Schema[]
  readonly additionalProperties?: Schema | boolean
  readonly required?: string[]
}

/** Renders docs/config.md from the schemas themselves, so that it cannot say anything else. */
export async function renderConfigReference(): Promise<string> {
  const found = await discover({}, registry, undefined)
  const plugins = sorted(found.plugins)
  const providers = sorted(found.providers)
  return `# Configuration reference

Generated from the schemas by \`npm run gen\`. Every key is optional. Files: \`gateway.config.ts\`, \`.yaml\`, \`.json\` and
the others that c12 reads; a LiteLLM \`config.yaml\` is read as it is (see [coming from LiteLLM](coming-from-litellm.md)).
A value \`env:NAME\` or \`os.environ/NAME\` is taken from the environment.

## The config

${rows(toSchema(gatewayConfigSchema))}

## Plugins

Options go under \`plugins.<name>\`; \`false\` turns a plugin off, \`true\` or \`{}\` turns an optional one on.

${plugins.map(pluginSection).join('\n\n')}

## Providers

Options go under \`providers.<name>\` for all deployments of a provider, or into a model's own entry.

${providers.map(providerSection).join('\n\n')}
`
}

function pluginSection(plugin: AnyPluginDefinition): string {
  const notes = [
    plugin.default === false ? 'Off unless named.' : '',
    plugin.env ? `Environment: ${environment(plugin.env)}.` : '',
    plugin.litellm ? `LiteLLM: ${Object.keys(plugin.litellm).map(code).join(', ')}.` : '',
  ]
  return section(plugin.name, plugin.description, notes, plugin.options as z.ZodType)
}

function providerSection(provider: ProviderDefinition): string {
  const notes = [
    provider.aliases?.length ? `Also: ${provider.aliases.map(code).join(', ')}.` : '',
    provider.env ? `Environment: ${environment(provider.env)}.` : '',
    provider.claims?.length ? `Bare names: ${provider.claims.map(code).join(', ')}.` : '',
  ]
  return section(provider.name, provider.description, notes, provider.options)
}

function section(name: string, description: string | undefined, notes: readonly string[], options: z.ZodType): string {
  return [`### ${name}`, description ?? '', notes.filter(Boolean).join(' '), rows(toSchema(options))]
    .filter(Boolean)
    .join('\n\n')
}

function rows(schema: Schema): string {
  const lines = list(schema, '')
  return lines.length > 0
    ? ['| option | type | default | meaning |', '|---|---|---|---|', ...lines].join('\n')
    : 'No options.'
}

function list(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const path = prefix + key
    const row = `| \`${path}\` | ${cell(kind(property))} | ${property.default === undefined ? '' : code(JSON.stringify(property.default))} | ${cell(property.description ?? '')} |`
    const inner = property.properties
      ? list(property, `${path}.`)
      : property.items?.properties
        ? list(property.items, `${path}[].`)
        : []
    return [row, ...inner]
  })
}

function kind(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ')
  if (schema.anyOf) return [...new Set(schema.anyOf.map(kind))].join(' or ')
  if (schema.type === 'array') return schema.items ? `list of ${kind(schema.items)}` : 'list'
  if (schema.type === 'object') {
    return typeof schema.additionalProperties === 'object' && !schema.properties
      ? `map of ${kind(schema.additionalProperties)}`
      : 'map'
  }
  return [schema.type ?? 'any'].flat().join(' or ')
}

function toSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Schema
}

function environment(env: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(env)
    .map(([option, names]) => `${[names].flat().map(code).join(' or ')} for \`${option}\``)
    .join(', ')
}

function sorted<T extends { name: string }>(found: ReadonlyMap<string, Discovered<T>>): T[] {
  return [...found.values()].map(({ definition }) => definition).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function code(text: string): string {
  return `\`${text}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

if (import.meta.main) {
  writeFileSync(new URL('../docs/config.md', import.meta.url), await renderConfigReference())
}
