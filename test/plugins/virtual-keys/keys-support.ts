import { expect, onTestFinished } from 'vitest'
import { createGateway, definePlugin, z } from '../../../src/index.ts'
import type { Gateway, GatewayConfig, GatewayContext } from '../../../src/index.ts'

export type Json = Record<string, unknown>

export const MASTER = 'sk-master-0123456789'

/** An answer of a route, or of a call. */
export interface Answered {
  readonly status: number
  readonly body: Json
  readonly error: { message: string; type: string; code: string | null; param: string | null } | undefined
  readonly headers: Headers
}

export interface KeyGateway {
  readonly gateway: Gateway
  /** What plugins get: the state behind the gateway. */
  readonly context: GatewayContext
  /** A request with the master key, or with another. */
  ask(
    method: string,
    path: string,
    body?: Json,
    options?: { key?: string | null; headers?: Record<string, string> },
  ): Promise<Answered>
  post(path: string, body: Json, key?: string): Promise<Answered>
  read(path: string, key?: string): Promise<Answered>
  /** Makes a key and returns its answer. Fails the test where that is refused. */
  mint(body?: Json, key?: string): Promise<Json & { key: string; token: string }>
  /** A chat call. */
  chat(key: string | null, body?: Json, headers?: Record<string, string>): Promise<Answered>
}

const MODELS = [
  { name: 'small', model: 'mock/small', info: { access_groups: ['cheap'] } },
  { name: 'large', model: 'mock/large' },
  { name: 'vendor/*', model: 'mock/*' },
]

/** A gateway with a master key, the models small, large and vendor/*, and everything in memory. */
export async function keyGateway(config: GatewayConfig = {}, root?: string): Promise<KeyGateway> {
  let context: GatewayContext | undefined
  const peek = definePlugin({
    name: 'peek',
    options: z.object({}),
    setup: (_options, gateway) => {
      context = gateway
    },
  })
  const gateway = await createGateway(
    {
      models: MODELS,
      providers: { mock: { pace: 0, latency: 0 } },
      ...config,
      use: [peek, ...(config.use ?? [])],
      plugins: { 'master-key': { key: MASTER }, ...config.plugins },
    },
    { env: {}, ...(root === undefined ? {} : { root }) },
  )
  onTestFinished(() => gateway.close())
  return useGateway(gateway, context!)
}

function useGateway(gateway: Gateway, context: GatewayContext): KeyGateway {
  const ask: KeyGateway['ask'] = async (method, path, body, { key = MASTER, headers = {} } = {}) => {
    const response = await gateway.fetch(`http://gateway${path}`, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const answer = (await response.json()) as Json
    return {
      status: response.status,
      body: answer,
      error: answer['error'] as Answered['error'],
      headers: response.headers,
    }
  }
  return {
    gateway,
    context,
    ask,
    post: (path, body, key) => ask('POST', path, body, key === undefined ? {} : { key }),
    read: (path, key) => ask('GET', path, undefined, key === undefined ? {} : { key }),
    async mint(body = {}, key) {
      const answer = await ask('POST', '/key/generate', body, key === undefined ? {} : { key })
      expect(answer.error).toBeUndefined()
      return answer.body as Json & { key: string; token: string }
    },
    chat: (key, body = {}, headers = {}) =>
      ask(
        'POST',
        '/v1/chat/completions',
        { model: 'small', messages: [{ role: 'user', content: 'Hi' }], ...body },
        { key, headers },
      ),
  }
}
