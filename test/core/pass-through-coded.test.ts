import { gzipSync } from 'node:zlib'
import { expect, it, onTestFinished } from 'vitest'
import { serveGateway } from '../support/serve.ts'
import { startUpstream } from '../support/upstream.ts'

const BODIES: Record<string, string> = {
  'application/octet-stream': 'just a file\n'.repeat(50),
  'application/json': JSON.stringify({ object: 'list', data: [], usage: { input_tokens: 1, output_tokens: 1 } }),
  'application/jsonl': '{"custom_id":"1"}\n{"custom_id":"2"}\n',
  'text/event-stream': 'data: {"type":"response.created"}\n\ndata: [DONE]\n\n',
}

it.each(Object.entries(BODIES))('passes on what a provider sends compressed as it is: %s', async (type, text) => {
  const bytes = gzipSync(text)
  const upstream = await startUpstream((_call, response) => {
    response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' }).end(bytes)
  })
  const models = [{ name: 'm', model: 'openai/m', baseURL: `${upstream.url}/v1`, apiKey: 'x' }]
  const { gateway, url, close } = await serveGateway({ models })
  onTestFinished(async () => {
    await close()
    await upstream.close()
  })
  const inProcess = await gateway.fetch('http://gateway/v1/files/file-1/content?model=m')
  expect(inProcess.headers.get('content-encoding')).toBe('gzip')
  expect(new Uint8Array(await inProcess.arrayBuffer())).toEqual(new Uint8Array(bytes))

  const answer = await fetch(`${url}/v1/files/file-1/content?model=m`)
  expect(answer.headers.get('content-type')).toBe(type)
  // `fetch` has taken it apart, as the header told it to.
  expect(await answer.text()).toBe(text)
})
