import { endpointPaths, endpointRoutes, passThroughRoots } from '../../src/index.ts'
import type { EndpointRoute, GatewayContext, RouteDefinition } from '../../src/index.ts'
import { errorSchema } from './answers.ts'
import { createComponents } from './components.ts'
import type { Components } from './components.ts'
import { endpointDescriptions, fieldNotes } from './describe-endpoints.ts'
import { deriveOperationId, toOpenAPIPath } from './paths.ts'
import { errorResponses, refuseWith } from './error-responses.ts'
import { PLACEHOLDER_SERVER } from './types.ts'
import type { JsonSchema, Method, MediaType, OpenAPIDocument, Operation, Parameter } from './types.ts'

const OTHER = 'Other endpoints'
const PASS_THROUGH = 'Pass-through'
const CALL_ID = { description: "The call's id, also in the logs.", schema: { type: 'string' } }

/** Builds the document from the endpoints' and the plugins' zod schemas. */
export function buildDocument({ routes, version }: Pick<GatewayContext, 'routes' | 'version'>): OpenAPIDocument {
  const components = createComponents()
  const paths: Record<string, Partial<Record<Method, Operation>>> = {}
  const taken = new Set<string>()

  /** Puts an operation at all its paths: the first is the operation's own, the others say that they are aliases. */
  const add = (method: Method, places: readonly string[], operation: Operation) => {
    for (const [i, path] of places.entries()) {
      const parameters = [...pathParameters(path), ...(operation.parameters ?? [])]
      const placed: Operation = {
        ...operation,
        operationId: unique(operation.operationId, taken),
        ...(parameters.length > 0 ? { parameters } : {}),
        ...(i > 0 ? { 'x-alias-of': places[0]! } : {}),
      }
      paths[path] = { ...paths[path], [method]: placed }
    }
  }

  for (const route of endpointRoutes) add('post', endpointPaths(route), toEndpointOperation(route, components))
  for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const)
    add(method, ['/v1/{path}'], passThroughOperation(method))
  for (const route of routes) {
    const places = (typeof route.path === 'string' ? [route.path] : route.path).map(toOpenAPIPath)
    add(route.method.toLowerCase() as Method, places, toRouteOperation(route, places[0]!, components))
  }
  const error = components.toSchema(errorSchema)
  describeFields(components.schemas)

  const tags = Object.values(paths).flatMap((item) => Object.values(item).flatMap((operation) => operation.tags))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ungate API',
      version,
      description:
        'One OpenAI-compatible endpoint in front of every model provider. Every path of the API is served with and without `/v1`.',
    },
    servers: [{ url: PLACEHOLDER_SERVER }],
    security: [{ bearerAuth: [] }],
    tags: sortTags(tags).map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearerAuth: {
          type: 'http',
          scheme: 'bearer',
          description:
            'The key, as `Authorization: Bearer <key>`. Accepted too: `x-api-key`, `api-key`, `x-goog-api-key`, `x-litellm-api-key`, `ocp-apim-subscription-key`.',
        },
      },
      schemas: components.schemas,
      responses: errorResponses(error),
    },
  }
}

function toEndpointOperation(route: EndpointRoute, components: Components): Operation {
  const known = endpointDescriptions[route.path]
  const json: MediaType = known?.answer ? { schema: components.toSchema(known.answer) } : {}
  // What fails behind the first byte can only say so in the stream.
  const stream = known?.chunk && {
    'text/event-stream': { schema: { anyOf: [known.chunk, errorSchema].map((one) => components.toSchema(one)) } },
  }
  return {
    operationId: known?.operationId ?? deriveOperationId('post', route.path),
    summary: route.summary,
    ...(known?.description ? { description: known.description } : {}),
    tags: [known?.tag ?? OTHER],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: components.toSchema(route.schema),
          ...(known ? { example: known.example } : {}),
        },
      },
    },
    responses: {
      200: {
        description: 'The answer',
        headers: { 'x-litellm-call-id': CALL_ID },
        content: { 'application/json': json, ...stream },
      },
      ...refuseWith(400, 401, 403, 404, 408, 413, 429, 500, 502, '4XX', '5XX'),
    },
  }
}

const PASS_THROUGH_SUMMARIES: Partial<Record<Method, string>> = {
  get: 'Read from any other path of the API',
  post: 'Send to any other path of the API',
  put: 'Replace at any other path of the API',
  patch: 'Change at any other path of the API',
  delete: 'Delete at any other path of the API',
}

function passThroughOperation(method: Method): Operation {
  return {
    operationId: `passThrough${method[0]!.toUpperCase()}${method.slice(1)}`,
    summary: PASS_THROUGH_SUMMARIES[method] ?? 'Any other path of the API',
    description:
      `Byte for byte to the provider and back: \`/v1/${passThroughRoots.join('`, `/v1/')}\` and others. ` +
      'The deployment is the one of the model that the body, `?model=` or the header `x-litellm-model` names, ' +
      'else the one the config names. Any method and content type is passed on.',
    tags: [PASS_THROUGH],
    responses: {
      default: { description: "The provider's own answer" },
      ...refuseWith(400, 401, 403, 404, 413, 429, 502),
    },
  }
}

function toRouteOperation(route: RouteDefinition, path: string, components: Components): Operation {
  const method = route.method.toLowerCase() as Method
  const parameters = route.query ? queryParameters(components.toSchema(route.query), components) : []
  const body = route.body && {
    requestBody: { required: true, content: { 'application/json': { schema: components.toSchema(route.body) } } },
  }
  const content = route.response && {
    content: { [route.contentType ?? 'application/json']: { schema: components.toSchema(route.response) } },
  }
  const answers = [200, ...(route.statuses ?? [])].map((status) => [status, { description: 'The answer', ...content }])
  const refusals = [
    ...(route.body || route.query ? [400] : []),
    ...(route.access === 'public' ? [] : [401, 403]),
    ...(path.includes('{') ? [404] : []),
    ...(route.body ? [413] : []),
    500,
    ...(route.body || route.query || path.includes('{') ? (['4XX'] as const) : []),
  ]
  return {
    operationId: route.operationId ?? deriveOperationId(method, path),
    summary: route.summary ?? `${route.method} ${path}`,
    tags: route.tags ?? ['Gateway'],
    ...(route.access === 'public' ? { security: [] } : {}),
    ...(route.access === 'admin' || route.access === 'viewer' ? { 'x-access': route.access } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...body,
    responses: { ...Object.fromEntries(answers), ...refuseWith(...refusals) },
  }
}

function pathParameters(path: string): Parameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name: name!,
    in: 'path',
    required: true,
    ...(name === 'model' || name === 'path' ? { description: 'May contain slashes.' } : {}),
    schema: { type: 'string' },
  }))
}

function queryParameters(schema: JsonSchema, { schemas }: Components): Parameter[] {
  const object = schema.$ref ? schemas[schema.$ref.split('/').at(-1)!] : schema
  return Object.entries(object?.properties ?? {}).map(([name, { description, ...rest }]) => ({
    name,
    in: 'query',
    required: object?.required?.includes(name) ?? false,
    ...(description ? { description } : {}),
    schema: rest,
  }))
}

/** Says what fields mean in the schemas of requests, where they do not say it themselves. */
function describeFields(schemas: Record<string, JsonSchema>): void {
  for (const [name, schema] of Object.entries(schemas)) {
    if (!schema.properties || !(name.endsWith('Request') || name === 'ChatMessage')) continue
    const properties = Object.entries(schema.properties).map(([key, field]) => {
      const note = fieldNotes[key]
      return [key, note && !field.description ? { ...field, description: note } : field] as const
    })
    schemas[name] = { ...schema, properties: Object.fromEntries(properties) }
  }
}

/** What is called most comes first, what is about this document last. */
function sortTags(tags: readonly string[]): string[] {
  const first = ['Chat', 'Completions', 'Embeddings', 'Images', OTHER, 'Models', PASS_THROUGH, 'Health']
  const rank = (tag: string) =>
    tag === 'Reference' ? Infinity : first.includes(tag) ? first.indexOf(tag) : first.length
  return [...new Set(tags)].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)))
}

/** Operation ids are unique; aliases get a number. */
function unique(id: string, taken: Set<string>): string {
  let free = id
  for (let i = 2; taken.has(free); i++) free = `${id}${i}`
  taken.add(free)
  return free
}
