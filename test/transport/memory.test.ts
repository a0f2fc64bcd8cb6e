import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { TransportControl } from '../../src/transport/types.ts'
import { until } from '../suites/gateway-under-test.ts'
import { startUpstream, turns, whole } from './support.ts'
import type { OnRequest, Upstream } from './support.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const transport = createHttpTransport({ connections: 2 })
let upstream: Upstream
let onRequest: OnRequest
beforeAll(async () => {
  upstream = await startUpstream((peer, request) => onRequest(peer, request))
})
beforeEach(() => {
  onRequest = ({ socket }) => socket.write(whole('ok'))
})
afterAll(async () => {
  await transport.close()
  await upstream.close()
})

/** A call of which only the transport knows anything; `held` are its request, its handler and its control. */
function ask(over: () => void, started: (control: TransportControl) => void = () => {}) {
  const request = { url: upstream.url, headers: { 'x-a': 'b' }, body: Buffer.alloc(100, 'x') }
  const held: WeakRef<object>[] = [new WeakRef(request.body)]
  const handler = {
    start(control: TransportControl) {
      held.push(new WeakRef(control))
      started(control)
    },
    headers() {},
    data() {},
    end: () => over(),
    error: () => over(),
  }
  held.push(new WeakRef(handler))
  transport.dispatch(request, handler, { headers: 5000, idle: 5000 })
  return held
}

async function checkFreed(held: WeakRef<object>[]) {
  for (let i = 0; i < 20 && held.some((ref) => ref.deref()); i++) {
    await turns(10)
    collect()
  }
  expect(held.filter((ref) => ref.deref()).length).toBe(0)
}

describe('nothing that lives long holds a call', () => {
  test('that was answered, on a connection that is kept', async () => {
    let over = 0
    const held: WeakRef<object>[] = []
    for (let i = 1; i <= 5; i++) {
      held.push(...ask(() => over++))
      await until('the answer', () => over === i)
    }
    expect(upstream.peers.length).toBe(1)
    await checkFreed(held)
  })

  test('that failed, or was aborted', async () => {
    let over = 0
    onRequest = ({ socket }) => socket.write('nonsense\r\n\r\n')
    const held = ask(() => over++)
    await until('the error', () => over === 1)
    onRequest = () => {}
    const before = upstream.requests.length
    held.push(
      ...ask(
        () => over++,
        (control) => void setTimeout(() => control.abort(), 50),
      ),
    )
    await until('the request', () => upstream.requests.length > before)
    await turns(80)
    await checkFreed(held)
  })

  test('that was aborted before its connection was made', async () => {
    await checkFreed(
      ask(
        () => {},
        (control) => queueMicrotask(() => control.abort()),
      ),
    )
  })
})
