import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { definePlugin, defineProvider } from '../../../src/define.ts'
import { gatewayConfigJsonSchema, gatewayConfigSchema } from '../../../src/config/schema.ts'
import { modelConfigSchema } from '../../../src/config/schema-model.ts'
import type { GatewayConfig, ModelConfig } from '../../../src/types/config.ts'

const whole = {
  port: 0,
  host: '::1',
  models: [{ name: 'a', model: 'openai/a', anything: { x: 1 } }],
  aliases: { b: 'a' },
  plugins: { retry: { attempts: 1 }, cache: false, cooldown: true },
  providers: { openai: { apiKey: 'k' } },
  use: ['./x.ts', { kind: 'plugin', name: 'x' }, { kind: 'provider', name: 'y' }],
  folders: { plugins: 'p', providers: 'q', callbacks: 'r' },
  environment: true,
  dropParams: false,
  timeout: 0.5,
  limits: { body: 1, upload: 1, depth: 1 },
  storage: { main: { driver: 'redis', url: 'redis://x', ttl: 60 } },
  counters: { journal: false },
  passThrough: { default: 'a', routes: { '/files': 'a' } },
  connections: 1,
}

it('accepts every key of GatewayConfig and returns it unchanged', () => {
  expect(gatewayConfigSchema.parse(whole)).toEqual(whole)
  expect(gatewayConfigSchema.parse({})).toEqual({})
})

it('knows exactly the keys of the types', () => {
  // Records over all keys: a key that comes or goes in the types fails to compile here.
  const config: Record<keyof GatewayConfig, true> = {
    port: true,
    host: true,
    models: true,
    aliases: true,
    plugins: true,
    providers: true,
    use: true,
    folders: true,
    environment: true,
    dropParams: true,
    timeout: true,
    limits: true,
    storage: true,
    counters: true,
    passThrough: true,
    connections: true,
    heartbeat: true,
  }
  type Known = keyof { [Key in keyof ModelConfig as string extends Key ? never : Key]: true }
  const model: Record<Known, true> = {
    name: true,
    model: true,
    provider: true,
    id: true,
    apiKey: true,
    baseURL: true,
    weight: true,
    order: true,
    rpm: true,
    tpm: true,
    maxParallel: true,
    timeout: true,
    streamTimeout: true,
    idleTimeout: true,
    params: true,
    headers: true,
    dropParams: true,
    additionalDropParams: true,
    tags: true,
    info: true,
    prices: true,
  }
  expect(Object.keys(gatewayConfigSchema.shape).sort()).toEqual(Object.keys(config).sort())
  expect(Object.keys(modelConfigSchema.shape).sort()).toEqual(Object.keys(model).sort())
})

it('describes every key, for the reference', () => {
  const undescribed: string[] = []
  const visit = (schema: z.core.JSONSchema.JSONSchema, path: string): void => {
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      if (typeof property === 'boolean') continue
      if (!property.description) undescribed.push(`${path}${key}`)
      visit(property, `${path}${key}.`)
      if (typeof property.items === 'object' && !Array.isArray(property.items))
        visit(property.items, `${path}${key}[].`)
    }
  }
  visit(z.toJSONSchema(gatewayConfigSchema, { io: 'input', unrepresentable: 'any' }), '')
  expect(undescribed).toEqual([])
})

describe('the JSON Schema', () => {
  const schema = gatewayConfigJsonSchema(
    [
      definePlugin({
        name: 'retry',
        description: 'Tries again.',
        options: z.object({ attempts: z.number().default(2).describe('Attempts in all.'), when: z.date().optional() }),
        setup: () => {},
      }),
    ],
    [
      defineProvider({
        name: 'together',
        aliases: ['together_ai'],
        options: z.object({ apiKey: z.string().describe('The key.') }),
        setup: () => ({ endpoints: {} }),
      }),
    ],
  )
  const properties = schema['properties'] as Record<string, Record<string, unknown>>

  it('refuses unknown keys, but lets editors and c12 have theirs', () => {
    expect(schema['additionalProperties']).toBe(false)
    expect(schema['patternProperties']).toEqual({ '^\\$': {} })
    expect(Object.keys(properties)).toEqual([...Object.keys(gatewayConfigSchema.shape), '$schema', 'extends'])
    expect(schema).not.toHaveProperty('required')
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
  })

  it('holds the options of plugins', () => {
    expect(properties['plugins']!['properties']).toEqual({
      retry: {
        description: 'Tries again.',
        anyOf: [
          {
            type: 'object',
            description: 'Tries again.',
            properties: { attempts: { type: 'number', default: 2, description: 'Attempts in all.' }, when: {} },
          },
          { type: 'boolean' },
        ],
      },
    })
  })

  it('holds the options of providers, under each of their names and in model entries', () => {
    const options = { type: 'object', properties: { apiKey: { type: 'string', description: 'The key.' } } }
    expect(properties['providers']!['properties']).toEqual({ together: options, together_ai: options })
    expect((properties['models']!['items'] as Record<string, unknown>)['allOf']).toEqual([
      {
        if: {
          anyOf: [
            {
              properties: { model: { type: 'string', pattern: '^(together|together_ai)/' } },
              required: ['model'],
            },
            { properties: { provider: { enum: ['together', 'together_ai'] } }, required: ['provider'] },
          ],
        },
        // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
        then: { properties: options.properties },
      },
    ])
  })

  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
    expect(properties['use']!['items']).toEqual({ type: 'string' })
  })
})
