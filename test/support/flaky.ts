import { onTestFinished } from 'vitest'
import { createGateway, defineProvider, z } from '../../src/index.ts'
import type { Gateway, GatewayConfig } from '../../src/index.ts'

/** What an upstream does: a status, with headers and an error code if wanted; 200 answers with the upstream's name. */
export interface Turn {
  status: number
  code?: string
  headers?: Record<string, string>
  /** Breaks off after the first chunk of a stream. */
  breaks?: boolean
}

export interface Flaky {
  readonly gateway: Gateway
  /** The upstream models that were asked, in order. */
  readonly asked: string[]
  ask(model: string, more?: Record<string, unknown>, headers?: Record<string, string>): Promise<FlakyAnswer>
}

export interface FlakyAnswer {
  status: number
  headers: Headers
  /** The upstream model that answered, or the error's code. */
  said: string
  text: string
}

/**
 * A gateway whose upstreams do what they are told, call by call. `turns` by upstream model; when they are used up, the
 * last one stays; none means 200.
 */
export async function flakyGateway(config: GatewayConfig, turns: Record<string, (Turn | number)[]>): Promise<Flaky> {
  const asked: string[] = []
  const next = (model: string): Turn => {
    asked.push(model)
    const left = turns[model] ?? []
    const turn = (left.length > 1 ? left.shift() : left[0]) ?? 200
    return typeof turn === 'number' ? { status: turn } : turn
  }
  const flaky = defineProvider({
    name: 'flaky',
    options: z.object({}),
    setup: () => ({
      endpoints: {
        'openai.chat': {
          encode: (call, { target }) => ({
            url: 'flaky://',
            headers: {},
            body: JSON.stringify({ ...call.body, model: target.model }),
          }),
        },
      },
      respond(request) {
        const { model, stream } = JSON.parse(request.body as string) as { model: string; stream?: boolean }
        return respond(model, next(model), stream === true)
      },
    }),
  })
  const gateway = await createGateway({ ...config, use: [flaky, ...(config.use ?? [])] }, { env: {} })
  onTestFinished(() => gateway.close())
  return {
    gateway,
    asked,
    async ask(model, more = {}, headers = {}) {
      const response = await gateway.fetch('http://gateway/v1/chat/completions', {
        method: 'POST',
        headers,
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, said: said(response, text) }
    },
  }
}

/** Deployments of flaky upstreams: `{ group: ['upstream-1', 'upstream-2'] }`, tried in the order given. */
export function flakyModels(groups: Record<string, string[]>): NonNullable<GatewayConfig['models']> {
  return Object.entries(groups).flatMap(([name, upstreams]) =>
    upstreams.map((upstream, order) => ({ name, model: `flaky/${upstream}`, order })),
  )
}

function respond(model: string, turn: Turn, stream: boolean): Response {
  const { status, code = null, headers = {}, breaks = false } = turn
  if (status === 0) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  if (status >= 400) {
    const error = { message: `${model} failed`, type: 'test', param: null, code }
    return new Response(JSON.stringify({ error }), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    })
  }
  const message = { role: 'assistant', content: model }
  if (!stream)
    return Response.json({
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model,
      choices: [{ index: 0, message, finish_reason: 'stop' }],
    })
  const chunk = {
    id: 'x',
    object: 'chat.completion.chunk',
    created: 1,
    model,
    choices: [{ index: 0, delta: { content: model }, finish_reason: null }],
  }
  let sent = false
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent && breaks) return controller.error(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))
      controller.enqueue(new TextEncoder().encode(sent ? 'data: [DONE]\n\n' : `data: ${JSON.stringify(chunk)}\n\n`))
      if (sent) controller.close()
      sent = true
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

function said(response: Response, text: string): string {
  if (response.headers.get('content-type')?.startsWith('text/event-stream'))
    return /"content":"([^"]*)"/.exec(text)?.[1] ?? ''
  const body = JSON.parse(text) as {
    error?: { code: string | null; message: string }
    choices?: { message: { content: string } }[]
  }
  return body.error ? (body.error.code ?? body.error.message) : body.choices![0]!.message.content
}
