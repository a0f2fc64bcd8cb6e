import { expect, it } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import { instantMock } from '../support/serve.ts'

it('closing waits for calls whose bodies are still coming in: their books have to be there', async () => {
  const order: string[] = []
  const books = definePlugin({
    name: 'books',
    options: z.object({}),
    setup: () => ({ record: () => void order.push('record'), close: () => void order.push('close') }),
  })
  const gateway = await createGateway({ ...instantMock, use: [books] }, { env: {} })
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const call = gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: readable,
    duplex: 'half',
  } as RequestInit)
  const encode = (text: string) => new TextEncoder().encode(text)
  await writer.write(encode('{"model":"mock/echo","messages":'))
  const closed = gateway.close()
  // Longer than closing takes where it waits for nothing.
  await new Promise((resolve) => setTimeout(resolve, 50))
  await writer.write(encode('[{"role":"user","content":"hi"}]}'))
  await writer.close()
  expect((await call).status).toBe(200)
  await closed
  expect(order).toEqual(['record', 'close'])
})

it('a call that could not be read holds nothing up', async () => {
  const gateway = await createGateway(instantMock, { env: {} })
  const response = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', body: '{' })
  expect(response.status).toBe(400)
  await gateway.close()
})

it('a client that leaves while its body is coming in holds nothing up either', async () => {
  const gateway = await createGateway(instantMock, { env: {} })
  const { readable } = new TransformStream<Uint8Array, Uint8Array>()
  const client = new AbortController()
  const init = { method: 'POST', body: readable, duplex: 'half', signal: client.signal } as RequestInit
  // As a server hands it over: it is answered in any case.
  const answered = gateway.fetch(new Request('http://gateway/v1/chat/completions', init))
  setImmediate(() => client.abort())
  expect((await answered).status).toBe(499)
  await gateway.close()
})
