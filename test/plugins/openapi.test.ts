import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { definePlugin, z } from '../../src/index.ts'
import type { Gateway, GatewayConfig, GatewayContext } from '../../src/index.ts'
import { prefersJson } from '../../plugins/openapi/accept.ts'
import { createComponents } from '../../plugins/openapi/components.ts'
import { escapeHtml, html } from '../../plugins/openapi/html.ts'
import { deriveOperationId, toOpenAPIPath } from '../../plugins/openapi/paths.ts'
import type { OpenAPIDocument, Operation } from '../../plugins/openapi/types.ts'
import { start } from './support.ts'

const running: Gateway[] = []
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close()
})

async function gatewayWith(config: GatewayConfig = {}, env: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await start({ models: [{ name: 'mock', model: 'mock/mock' }], ...config }, env)
  running.push(gateway)
  return gateway
}

async function readDocument(gateway: Gateway): Promise<OpenAPIDocument> {
  const response = await gateway.fetch('http://gateway:81/openapi.json')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  return (await response.json()) as OpenAPIDocument
}

async function readPage(
  gateway: Gateway,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ text: string; response: Response }> {
  const response = await gateway.fetch(`http://gateway${path}`, {
    headers: { accept: 'text/html,*/*;q=0.8', ...headers },
  })
  return { response, text: await response.text() }
}

const operationsOf = (document: OpenAPIDocument): [path: string, method: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
  )

/** Every value in a tree with its place. */
function* walk(value: unknown, place = '#'): Generator<[string, Record<string, unknown>]> {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* walk(item, `${place}/${i}`)
  else if (typeof value === 'object' && value !== null) {
    yield [place, value as Record<string, unknown>]
    for (const [key, item] of Object.entries(value)) yield* walk(item, `${place}/${key}`)
  }
}

const EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'

/** A plugin whose every word is hostile, with all that a route can have. */
const evil = definePlugin({
  name: 'evil',
  options: z.object({}),
  setup(_options, gateway) {
    const tree: z.ZodType = z.lazy(() => z.object({ name: z.string(), children: z.array(tree) }))
    gateway.route({
      method: 'PUT',
      path: ['/things/:id/parts', '/v1/things/:id/parts'],
      access: 'admin',
      summary: EVIL,
      tags: [EVIL],
      query: z.object({ depth: z.coerce.number().int().default(3).describe(EVIL), mode: z.enum([EVIL, 'b']) }),
      body: z
        .object({ [EVIL]: z.string().describe(EVIL), tree, when: z.date().optional() })
        .meta({ id: 'ChatMessage' }),
      response: tree,
      handler: () => ({}),
    })
  },
})

describe('GET /openapi.json', () => {
  it('describes the endpoints under their OpenAI names, with schemas, streams, errors and aliases', async () => {
    const document = await readDocument(await gatewayWith())
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toMatchObject({ title: 'Ungate API', version: '0.1.0' })
    expect(document.servers).toEqual([{ url: 'http://gateway:81' }])
    expect(document.security).toEqual([{ bearerAuth: [] }])
    expect(document.components.securitySchemes['bearerAuth']).toMatchObject({ type: 'http', scheme: 'bearer' })
    const chat = document.paths['/v1/chat/completions']!.post!
    expect(chat.operationId).toBe('createChatCompletion')
    expect(chat.requestBody!.content['application/json']!.schema).toEqual({
      $ref: '#/components/schemas/ChatCompletionRequest',
    })
    const ok = chat.responses['200'] as { content: object }
    expect(ok.content).toEqual({
      'application/json': { schema: { $ref: '#/components/schemas/ChatCompletion' } },
      'text/event-stream': {
        schema: { anyOf: [{ $ref: '#/components/schemas/ChatCompletionChunk' }, expect.anything()] },
      },
    })
    expect(chat.responses).toMatchObject({
      400: { $ref: '#/components/responses/BadRequest' },
      401: { $ref: '#/components/responses/Unauthorized' },
      404: { $ref: '#/components/responses/NotFound' },
      429: { $ref: '#/components/responses/RateLimited' },
    })
    for (const response of Object.values(document.components.responses)) {
      expect(response.content!['application/json']!.schema).toEqual({ $ref: '#/components/schemas/Error' })
    }
    const names = ['/v1/completions', '/v1/embeddings', '/v1/images/generations'].map(
      (path) => document.paths[path]!.post!.operationId,
    )
    expect(names).toEqual(['createCompletion', 'createEmbedding', 'createImage'])
    for (const path of [
      '/chat/completions',
      '/engines/{model}/chat/completions',
      '/openai/deployments/{model}/chat/completions',
    ]) {
      expect(document.paths[path]!.post!['x-alias-of'], path).toBe('/v1/chat/completions')
    }
    expect(document.paths['/engines/{model}/chat/completions']!.post!.parameters).toEqual([
      { name: 'model', in: 'path', required: true, description: 'May contain slashes.', schema: { type: 'string' } },
    ])
    expect(document.components.schemas['ChatCompletionRequest']!.required).toEqual(['model', 'messages'])
    expect(document.components.schemas['ChatCompletionRequest']!.properties!['n']).toEqual({
      anyOf: [{ type: 'integer', minimum: 1, maximum: 128 }, { type: 'null' }],
      description: 'How many answers.',
    })
  })

  it('has every route of every plugin, public ones without a key', async () => {
    const gateway = await gatewayWith({ use: [evil] })
    const document = await readDocument(gateway)
    expect(gateway.routes.length).toBeGreaterThan(10)
    for (const route of gateway.routes) {
      for (const path of [route.path].flat()) {
        const operation = document.paths[toOpenAPIPath(path)]?.[route.method.toLowerCase() as 'get']
        expect(operation, path).toBeDefined()
        expect(operation!.security, path).toEqual(route.access === 'public' ? [] : undefined)
        expect('401' in operation!.responses, path).toBe(route.access !== 'public')
      }
    }
    expect(document.paths['/ollama_logs']!.get!['x-access']).toBe('admin')
    expect(document.paths['/v1/models/{model}']!.get!.responses['404']).toEqual({
      $ref: '#/components/responses/NotFound',
    })
    expect(document.paths['/things/{id}/parts']!.put!.parameters).toEqual([
      { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'depth', in: 'query', required: false, description: EVIL, schema: { type: 'integer', default: 3 } },
      { name: 'mode', in: 'query', required: true, schema: { type: 'string', enum: [EVIL, 'b'] } },
    ])
  })

  it('is sound: references lead somewhere, operations are unique, parameters match their paths, keywords have their types', async () => {
    const document = await readDocument(await gatewayWith({ use: [evil] }))
    for (const [place, node] of walk(document)) {
      if (typeof node['$ref'] === 'string')
        expect(find(document, node['$ref']), `${place} → ${node['$ref']}`).toBeDefined()
      for (const key of ['$id', '$schema', '$defs'])
        expect(place.endsWith('/properties') || !(key in node), `${place}/${key}`).toBe(true)
    }
    const operations = operationsOf(document)
    const ids = operations.map(([, , operation]) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9]*$/)
    for (const [path, , operation] of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const given = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name)
      expect(given, path).toEqual(named)
      expect(Object.keys(operation.responses).length, path).toBeGreaterThan(0)
      expect(operation.tags.every((tag) => document.tags.some(({ name }) => name === tag))).toBe(true)
      if (operation['x-alias-of'] !== undefined) expect(document.paths[operation['x-alias-of']]).toBeDefined()
    }
    for (const name of Object.keys(document.components.schemas)) expect(name).toMatch(/^[\w.-]+$/)
    for (const [place, schema] of schemasOf(document)) expect(wrongKeywords(schema), place).toEqual([])
  })

  it("keeps a plugin's schema apart from another of the same name, and follows one that contains itself", async () => {
    const document = await readDocument(await gatewayWith({ use: [evil] }))
    const put = document.paths['/things/{id}/parts']!.put!
    expect(put.requestBody!.content['application/json']!.schema).toEqual({ $ref: '#/components/schemas/ChatMessage2' })
    expect(document.components.schemas['ChatMessage']!.properties).toHaveProperty('role')
    expect(document.components.schemas['ChatMessage2']!.properties).toHaveProperty('tree')
    const { schema } = (put.responses['200'] as { content: Record<string, { schema: { $ref: string } }> }).content[
      'application/json'
    ]!
    const tree = find(document, schema.$ref) as { properties: { children: { items: { $ref: string } } } }
    expect(tree.properties.children.items.$ref).toBe(schema.$ref)
  })

  it("is there where a plugin's schema is of another zod, of which nothing is said", async () => {
    const old = { safeParse: (data: unknown) => ({ success: true, data }) } as unknown as z.ZodType
    const setup = (_options: object, gateway: GatewayContext) => {
      const schemas = { body: old, query: old, response: old }
      gateway.route({ method: 'POST', path: '/old', access: 'public', handler: () => 1, ...schemas })
    }
    const use = [definePlugin({ name: 'old', options: z.object({}), setup })]
    const document = await readDocument(await gatewayWith({ use }))
    expect(document.paths['/old']!['post']!.requestBody).toMatchObject({
      content: { 'application/json': { schema: {} } },
    })
  })

  it('is built once, and names the server by the request', async () => {
    const gateway = await gatewayWith()
    const one = await readDocument(gateway)
    const response = await gateway.fetch('http://other.example/openapi.json', {
      headers: { 'x-forwarded-proto': 'https' },
    })
    expect(await response.json()).toEqual({ ...one, servers: [{ url: 'https://other.example' }] })
  })
})

describe('GET /docs', () => {
  it('shows every operation and schema, and runs nothing but its own script and style', async () => {
    const gateway = await gatewayWith()
    const document = await readDocument(gateway)
    const { response, text } = await readPage(gateway, '/docs')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    for (const [path, , operation] of operationsOf(document)) {
      expect(text).toContain(escapeHtml(path))
      if (operation['x-alias-of'] === undefined) expect(text, path).toContain(`id="${operation.operationId}"`)
    }
    for (const name of Object.keys(document.components.schemas)) expect(text).toContain(`id="schema-${name}"`)
    const anchors = [...text.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id!)
    for (const id of anchors) expect(text, id).toContain(`id="${id}"`)
    expect(text).toContain('curl http://gateway/v1/chat/completions')

    const policy = response.headers.get('content-security-policy')!
    const scripts = [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)]
    const styles = [...text.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)]
    expect([scripts.length, styles.length]).toEqual([1, 1])
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `style-src '${sha256(styles[0]![1]!)}'`,
      `script-src '${sha256(scripts[0]![1]!)}'`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    expect(text).not.toMatch(/\sstyle="|\son\w+="|(src|href)="(https?:)?\/\//)
  })

  it('escapes what plugins write', async () => {
    const gateway = await gatewayWith({ use: [evil] })
    const { text } = await readPage(gateway, '/docs')
    expect(text).not.toContain('<script>alert')
    expect(text).not.toContain('<img')
    expect(text.split('<script>').length).toBe(2)
    expect(text).toContain(escapeHtml(EVIL))
  })

  it('is at /redoc too, and where DOCS_URL says', async () => {
    const gateway = await gatewayWith({}, { DOCS_URL: '/help/api' })
    const { text } = await readPage(gateway, '/help/api')
    expect(text).toContain('href="../openapi.json"')
    expect((await readPage(gateway, '/redoc')).text).toBe(text)
    expect((await readPage(gateway, '/docs')).response.status).toBe(404)
    expect((await readPage(gateway, '/')).text).toContain('href="./help/api"')
    const root = await gatewayWith({}, { DOCS_URL: '/' })
    expect((await readPage(root, '/')).text).toContain('<title>Ungate API reference</title>')
    await expect(start({}, { DOCS_URL: 'docs' })).rejects.toThrow('plugins.openapi.docs')
  })
})

describe('GET /', () => {
  it('is a small page for browsers', async () => {
    const gateway = await gatewayWith({ plugins: { 'master-key': { key: 'sk-master-1234' } } })
    const { response, text } = await readPage(gateway, '/')
    expect(response.status).toBe(200)
    expect(response.headers.get('vary')).toBe('accept')
    expect(text).toContain('The gateway is up.')
    expect(text).toContain('<small>0.1.0</small>')
    expect(text).toContain('curl http://gateway/v1/chat/completions')
    expect(text).toContain('{"model": "mock", ')
    for (const path of ['/docs', '/openapi.json', '/v1/models', '/health/readiness'])
      expect(text).toContain(`href=".${path}"`)
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)![1]!
    expect(response.headers.get('content-security-policy')).toContain(`style-src '${sha256(style)}'`)
    gateway.drain()
    expect((await readPage(gateway, '/')).text).toContain('Going down: finishing what runs.')
  })

  it('is JSON for programs', async () => {
    const gateway = await gatewayWith()
    const response = await gateway.fetch('http://gateway/', { headers: { accept: 'application/json' } })
    expect(await response.json()).toEqual({
      name: 'Ungate',
      version: '0.1.0',
      status: 'alive',
      docs: '/docs',
      openapi: '/openapi.json',
      models: '/v1/models',
      health: '/health/readiness',
    })
  })

  it('redirects where ROOT_REDIRECT_URL says', async () => {
    const gateway = await gatewayWith({}, { ROOT_REDIRECT_URL: '/ui' })
    const { response } = await readPage(gateway, '/')
    expect([response.status, response.headers.get('location')]).toEqual([307, '/ui'])
    await expect(start({}, { ROOT_REDIRECT_URL: 'javascript:alert(1)' })).rejects.toThrow(
      'plugins.openapi.rootRedirect',
    )
  })

  it('shows a placeholder where there is no mock model, escaped', async () => {
    const gateway = await gatewayWith({ models: [{ name: 'm', model: 'openai/m', apiKey: 'k' }] })
    expect((await readPage(gateway, '/')).text).toContain('&#60;model&#62;')
  })
})

describe('parts', () => {
  it('reads Accept', () => {
    const wants: [string | null, boolean][] = [
      [null, false],
      ['*/*', false],
      ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', false],
      ['application/json', true],
      ['application/json, text/plain, */*', false],
      ['application/json, text/html;q=0.9', true],
      ['text/*;q=0.4, application/*;q=0.5', true],
      ['application/json;q=0, text/html', false],
      ['APPLICATION/JSON', true],
    ]
    for (const [accept, expected] of wants) expect(prefersJson(accept), String(accept)).toBe(expected)
  })

  it('escapes every value, and takes nothing else for HTML', () => {
    const forged = { text: '<b>' } as never
    expect(html`<i>${'<&>"\''}${['a', html`<u>${'<'}</u>`]}${null}${false}${0}</i>`.text).toBe(
      '<i>&#60;&#38;&#62;&#34;&#39;a<u>&#60;</u>0</i>',
    )
    expect(html`${forged}`.text).toBe('[object Object]')
  })

  it('turns h3 paths into OpenAPI ones, and those into names', () => {
    const paths: [string, string, string][] = [
      ['/', '/', 'getRoot'],
      ['/model/info', '/model/info', 'getModelInfo'],
      ['/v1/model/info', '/v1/model/info', 'getModelInfo'],
      ['/keys/:id', '/keys/{id}', 'getKeysById'],
      ['/v1/models/**', '/v1/models/{model}', 'getModelsByModel'],
      ['/files/**:name', '/files/{name}', 'getFilesByName'],
      ['/**', '/{path}', 'getByPath'],
      ['/ollama_logs', '/ollama_logs', 'getOllamaLogs'],
      ['/openapi.json', '/openapi.json', 'getOpenapiJson'],
    ]
    for (const [pattern, path, id] of paths) {
      expect(toOpenAPIPath(pattern)).toBe(path)
      expect(deriveOperationId('get', path)).toBe(id)
    }
  })

  it('collects named schemas once', () => {
    const components = createComponents()
    const part = z.object({ id: z.string() }).meta({ id: 'Part' })
    const whole = z.object({ parts: z.array(part), count: z.int(), share: z.int().max(5) }).meta({ id: 'Whole' })
    expect(components.toSchema(z.array(whole))).toEqual({
      type: 'array',
      items: { $ref: '#/components/schemas/Whole' },
    })
    expect(components.toSchema(part)).toEqual({ $ref: '#/components/schemas/Part' })
    expect(components.schemas).toEqual({
      Part: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      Whole: {
        type: 'object',
        properties: {
          parts: { type: 'array', items: { $ref: '#/components/schemas/Part' } },
          count: { type: 'integer' },
          share: { type: 'integer', maximum: 5 },
        },
        required: ['parts', 'count', 'share'],
      },
    })
  })
})

function find(document: unknown, ref: string): unknown {
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document)
}

/** The schemas of a document with their places: components, bodies, answers, parameters, and all inside them. */
function* schemasOf(document: OpenAPIDocument): Generator<[string, Record<string, unknown>]> {
  const roots: [string, unknown][] = Object.entries(document.components.schemas)
  for (const [place, node] of walk(document))
    if (typeof node['schema'] === 'object') roots.push([place, node['schema']])
  for (const [place, root] of roots) yield* inside(root as Record<string, unknown>, place)
}

function* inside(schema: Record<string, unknown>, place: string): Generator<[string, Record<string, unknown>]> {
  yield [place, schema]
  const maps = Object.entries((schema['properties'] ?? {}) as Record<string, unknown>)
  const lists = ['anyOf', 'oneOf', 'allOf'].flatMap((key) =>
    ((schema[key] ?? []) as unknown[]).map((item, i) => [`${key}/${i}`, item] as const),
  )
  const single = ['items', 'additionalProperties'].map((key) => [key, schema[key]] as const)
  for (const [key, inner] of [...maps, ...lists, ...single]) {
    if (typeof inner === 'object' && inner !== null) yield* inside(inner as Record<string, unknown>, `${place}/${key}`)
  }
}

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']
const isText = (value: unknown) => typeof value === 'string'
const isCount = (value: unknown) => Number.isInteger(value)
const isNumber = (value: unknown) => typeof value === 'number'
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isListOfObjects = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isObject)

/** What JSON Schema 2020-12 wants of each keyword that may occur; any other keyword is wrong too. */
const KEYWORDS: Record<string, (value: unknown) => boolean> = {
  $ref: isText,
  type: (value) => [value].flat().every((type) => TYPES.includes(type as string)),
  properties: isObject,
  required: (value) => Array.isArray(value) && value.every(isText),
  items: isObject,
  additionalProperties: (value) => typeof value === 'boolean' || isObject(value),
  propertyNames: isObject,
  anyOf: isListOfObjects,
  oneOf: isListOfObjects,
  allOf: isListOfObjects,
  enum: (value) => Array.isArray(value) && value.length > 0,
  const: () => true,
  default: () => true,
  description: isText,
  title: isText,
  format: isText,
  pattern: isText,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
}

function wrongKeywords(schema: Record<string, unknown>): string[] {
  return Object.entries(schema)
    .filter(([keyword, value]) => !KEYWORDS[keyword]?.(value))
    .map(([keyword]) => keyword)
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
