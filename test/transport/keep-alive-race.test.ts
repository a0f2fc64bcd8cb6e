import { describe, expect, test } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { startUpstream } from './support.ts'
import type { Peer } from './support.ts'

const ANSWER = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
})
const HEAD = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${ANSWER.length}\r\n\r\n`

/** A provider that does as told with the second request of a connection: what one does that just gave it up. */
async function setup(second: (peer: Peer) => void) {
  const upstream = await startUpstream((peer) => {
    if (peer.requests.length === 1) peer.socket.write(HEAD + ANSWER)
    else second(peer)
  })
  const models = [{ name: 'm', model: 'openai/m', baseURL: `${upstream.url}/v1`, apiKey: 'x' }]
  const gateway = await createGateway({ models, plugins: { retry: { retries: 0 } } }, { env: {} })
  const ask = async () => {
    const answer = await gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }),
    })
    await answer.text()
    return answer.status
  }
  return { upstream, ask, close: () => gateway.close() }
}

describe('a connection that the server closes just when it is used again', () => {
  test.each([
    ['closed', (peer: Peer) => void peer.socket.end()],
    ['reset', (peer: Peer) => void peer.socket.resetAndDestroy()],
  ])('%s without a byte: the request goes out once more, on a new one', async (_how, second) => {
    const { upstream, ask, close } = await setup(second)
    expect([await ask(), await ask(), await ask(), await ask()]).toEqual([200, 200, 200, 200])
    expect(upstream.peers.map((peer) => peer.requests.length)).toEqual([2, 2, 2, 1])
    await close()
  })

  test('behind the first byte of an answer it is an error', async () => {
    const { upstream, ask, close } = await setup((peer) => void peer.socket.end('HTTP/1.1 200 OK\r\n'))
    expect([await ask(), await ask()]).toEqual([200, 502])
    expect(upstream.requests).toHaveLength(2)
    await close()
  })

  test('an answer that only announces another is heard, too', async () => {
    const { upstream, ask, close } = await setup((peer) => void peer.socket.end('HTTP/1.1 102 Processing\r\n\r\n'))
    expect([await ask(), await ask()]).toEqual([200, 502])
    expect(upstream.requests).toHaveLength(2)
    await close()
  })
})

test('a new connection that is closed without a byte is an error', async () => {
  const upstream = await startUpstream((peer) => void peer.socket.end())
  const models = [{ name: 'm', model: 'openai/m', baseURL: `${upstream.url}/v1`, apiKey: 'x' }]
  const gateway = await createGateway({ models, plugins: { retry: { retries: 0 } } }, { env: {} })
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  const answer = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', body })
  expect(answer.status).toBe(502)
  expect(upstream.requests).toHaveLength(1)
  await gateway.close()
})
