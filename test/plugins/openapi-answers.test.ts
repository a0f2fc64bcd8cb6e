import { describe, expect, onTestFinished, test } from 'vitest'
import { definePlugin, z } from '../../src/index.ts'
import type { OpenAPIDocument, Operation, Response as Described } from '../../plugins/openapi/types.ts'
import { start } from './support.ts'

const answers = definePlugin({
  name: 'answers',
  options: z.object({}),
  setup(_options, gateway) {
    gateway.route({
      method: 'GET',
      path: '/table',
      access: 'public',
      response: z.string(),
      contentType: 'text/csv',
      statuses: [206],
      handler: () => 'a,b',
    })
  },
})

async function documentOf(): Promise<OpenAPIDocument> {
  const gateway = await start({ models: [{ name: 'mock', model: 'mock/mock' }], use: [answers] })
  onTestFinished(() => gateway.close())
  return (await (await gateway.fetch('http://gateway/openapi.json')).json()) as OpenAPIDocument
}

const contentOf = (operation: Operation | undefined, status: string) =>
  (operation?.responses[status] as Described | undefined)?.content ?? {}

describe('what answers look like', () => {
  test('is said of every path that is no management', async () => {
    const { paths } = await documentOf()
    const silent = Object.entries(paths).flatMap(([path, { get, post }]) => {
      if (path === '/v1/{path}' || /^\/(key|team|user|customer|end_user|budget|organization)\//.test(path)) return []
      const content = Object.values(contentOf(get ?? post, '200'))
      return content.length > 0 && content.every(({ schema }) => schema) ? [] : [path]
    })
    expect(silent).toEqual([])
  })

  test('of pages, their own type; of readiness, also while it is not ready', async () => {
    const { paths } = await documentOf()
    for (const path of ['/', '/docs', '/redoc']) {
      expect(contentOf(paths[path]!.get, '200')).toEqual({ 'text/html': { schema: { type: 'string' } } })
    }
    const ready = paths['/health/readiness']!.get
    expect(contentOf(ready, '503')).toEqual(contentOf(ready, '200'))
    expect(contentOf(paths['/table']!.get, '206')).toEqual({ 'text/csv': { schema: { type: 'string' } } })
  })

  test('of streams, the error that may end them as well', async () => {
    const { paths } = await documentOf()
    for (const [path, chunk] of [
      ['/v1/chat/completions', 'ChatCompletionChunk'],
      ['/v1/completions', 'Completion'],
    ]) {
      const { schema } = contentOf(paths[path!]!.post, '200')['text/event-stream']!
      const refs = [chunk, 'Error'].map((name) => ({ $ref: `#/components/schemas/${name}` }))
      expect(schema).toEqual({ anyOf: refs })
    }
  })

  test('of what providers refuse with, whatever the status', async () => {
    const { paths, components } = await documentOf()
    expect(paths['/v1/chat/completions']!.post!.responses).toMatchObject({
      '4XX': { $ref: '#/components/responses/Refused' },
      '5XX': { $ref: '#/components/responses/Failed' },
    })
    expect(components.responses).toMatchObject({ Refused: {}, Failed: {} })
    expect(Object.keys(paths['/v1/{path}']!)).toEqual(['get', 'post', 'put', 'patch', 'delete'])
  })

  test('as the routes really answer', async () => {
    const gateway = await start({ models: [{ name: 'mock', model: 'mock/mock' }] })
    onTestFinished(() => gateway.close())
    for (const path of ['/health', '/health/readiness', '/test', '/routes', '/model_group/info', '/ollama_logs']) {
      const { response } = gateway.routes.find((route) => route.path === path)!
      const said = (await (await gateway.fetch(`http://gateway${path}`)).json()) as unknown
      expect(() => response!.parse(said)).not.toThrow()
    }
  })
})
