import { request as httpRequest } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import express from 'express'
import { toNodeHandler } from 'h3/node'
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { app as expressApp } from '../../examples/express.ts'
import { app as fastifyApp } from '../../examples/fastify.ts'
import { app as h3App } from '../../examples/h3.ts'
import { server as nodeServer } from '../../examples/node-http.ts'
import Fastify from 'fastify'
import { createGateway, logger, toNodeMiddleware } from '../../src/index.ts'
import { instantMock, serveHandler } from '../support/serve.ts'

const hello = [{ role: 'user' as const, content: 'Hello' }]

async function listenerOf(name: string): Promise<RequestListener> {
  if (name === 'Express 5') return expressApp as unknown as RequestListener
  if (name === 'h3') return toNodeHandler(h3App) as RequestListener
  if (name === 'node:http') return nodeServer.listeners('request')[0] as RequestListener
  await fastifyApp.ready()
  return (request, response) => fastifyApp.server.emit('request', request, response)
}

describe.each(['Express 5', 'Fastify', 'h3', 'node:http'])('mounted in %s', (name) => {
  it('answers below its prefix and leaves the rest to the app', async () => {
    const served = await serveHandler(await listenerOf(name))
    try {
      const client = new OpenAI({ baseURL: `${served.url}/ai/v1`, apiKey: 'x', maxRetries: 0 })
      const answer = await client.chat.completions.create({ model: 'mock/echo', messages: hello })
      expect(answer.choices[0]!.message.content).toBe('Hello')
      let text = ''
      const stream = await client.chat.completions.create({ model: 'mock/echo', messages: hello, stream: true })
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      expect(text).toBe('Hello')
      await expect(client.chat.completions.create({ model: 'mock', messages: [] })).rejects.toMatchObject({
        status: 400,
      })
      expect(await (await fetch(served.url)).text()).toContain('The app itself')
      expect((await fetch(`${served.url}/other`)).status).toBe(name === 'node:http' ? 200 : 404)
    } finally {
      await served.close()
    }
  })
})

describe.each(['Express 5', 'Fastify', 'h3', 'node:http'])('its pages, mounted in %s', (name) => {
  it('name the address with the prefix, and link to each other below it', async () => {
    const served = await serveHandler(await listenerOf(name))
    const mounted = `${served.url}/ai`
    try {
      const document = (await (await fetch(`${mounted}/openapi.json?x=1`)).json()) as { servers: unknown }
      expect(document.servers).toEqual([{ url: mounted }])
      expect(await (await fetch(`${mounted}/docs`)).text()).toContain(`${mounted}/v1/chat/completions`)
      expect(await (await fetch(`${mounted}/`)).text()).toContain(`${mounted}/v1/chat/completions`)
      if (name === 'Fastify') return // routes /ai/* alone
      const bare = await fetch(mounted, { redirect: 'manual', headers: { accept: 'text/html' } })
      expect([bare.status, bare.headers.get('location')]).toEqual([307, '/ai/'])
    } finally {
      await served.close()
    }
  })
})

it('an unknown path is answered with a call id, as everything is', async () => {
  const gateway = await createGateway(instantMock, { env: {} })
  const served = await serveHandler(toNodeMiddleware(gateway))
  try {
    for (const path of ['/nowhere', '/v1/models/%ff']) {
      const response = await fetch(served.url + path)
      expect([404, 400]).toContain(response.status)
      expect(response.headers.get('x-litellm-call-id')).toMatch(/^[\w-]{36}$/)
    }
  } finally {
    await served.close()
    await gateway.close()
  }
})

describe('behind a body parser', () => {
  it('takes the body that express.json() has read', async () => {
    const gateway = await createGateway(instantMock, { env: {} })
    const app = express()
    app.use(express.json())
    app.use('/ai', toNodeMiddleware(gateway))
    const served = await serveHandler(app as unknown as RequestListener)
    try {
      const client = new OpenAI({ baseURL: `${served.url}/ai`, apiKey: 'x', maxRetries: 0 })
      const answer = await client.chat.completions.create({ model: 'mock/echo', messages: hello })
      expect(answer.choices[0]!.message.content).toBe('Hello')
    } finally {
      await served.close()
      await gateway.close()
    }
  })

  it('says what to do where the body was read and kept elsewhere, instead of waiting for it', async () => {
    const error = vi.spyOn(logger, 'error').mockImplementation(() => {})
    onTestFinished(() => error.mockRestore())
    const gateway = await createGateway(instantMock, { env: {} })
    const ai = toNodeMiddleware(gateway, { prefix: '/ai' })
    const app = Fastify()
    app.all('/ai/*', (request, reply) => {
      reply.hijack()
      ai(request.raw, reply.raw)
    })
    await app.ready()
    const reading = (request: IncomingMessage, response: ServerResponse) => {
      request.resume().on('end', () => setImmediate(() => ai(request, response)))
    }
    const inFastify = await serveHandler((request, response) => app.server.emit('request', request, response))
    const inNode = await serveHandler(reading)
    try {
      for (const { url } of [inFastify, inNode]) {
        error.mockClear()
        const headers = { 'content-type': 'application/json' }
        const body = JSON.stringify({ model: 'mock/echo', messages: hello })
        const response = await fetch(`${url}/ai/v1/chat/completions`, { method: 'POST', headers, body })
        expect(response.status).toBe(500)
        expect(String(error.mock.calls[0]?.[1])).toContain('the body was read before the gateway got the request')
        const empty = await fetch(`${url}/ai/v1/chat/completions`, { method: 'POST' })
        expect([empty.status, await empty.text()]).toEqual([400, expect.stringContaining('empty')])
      }
      const used = new Request('http://gateway/v1/chat/completions', { method: 'POST', body: '{}' })
      await used.text()
      expect((await gateway.fetch(used)).status).toBe(500)
    } finally {
      await inFastify.close()
      await inNode.close()
      await gateway.close()
    }
  })
})

it('streams ask compression in front to leave them alone: it would collect them', async () => {
  const gateway = await createGateway(instantMock, { env: {} })
  const body = JSON.stringify({ model: 'mock/echo', messages: hello, stream: true })
  const headers = { 'content-type': 'application/json' }
  const response = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', headers, body })
  expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
  await response.text()
  await gateway.close()
})

describe('a prefix', () => {
  it.each(['/ai/', 'ai', '/ai'])('%s does not match a longer word, and keeps the query', async (prefix) => {
    const gateway = await createGateway(instantMock, { env: {} })
    const served = await serveHandler((request: IncomingMessage, response: ServerResponse) => {
      toNodeMiddleware(gateway, { prefix })(request, response, () => response.end(`next ${request.url}`))
    })
    try {
      expect(await get(`${served.url}/aim?x=1`)).toBe('next /aim?x=1')
      expect(await get(`${served.url}/ai/health/liveliness?x=1`)).toContain('alive')
    } finally {
      await served.close()
      await gateway.close()
    }
  })
})

function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    httpRequest(url, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve(text))
    })
      .on('error', reject)
      .end()
  })
}
