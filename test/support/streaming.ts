import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { Answer, LogRecord } from '../../src/index.ts'
import { startUpstream } from './upstream.ts'

/** Writes an upstream's events. */
export type Play = (response: ServerResponse) => void

/**
 * A call to a gateway before an upstream that streams what `play` writes, and the gateway's records. `meet` gets each answer
 * as the provider stage gives it; `ended` waits until the upstream's connections of the calls so far are closed.
 */
export async function streaming(model: string, play: Play, meet: (answer: Answer) => void = () => {}) {
  const gone: Promise<unknown>[] = []
  const upstream = await startUpstream((_call, response) => {
    gone.push(once(response, 'close'))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    play(response)
  })
  const records: LogRecord[] = []
  const watch = definePlugin({
    name: 'watch',
    options: z.object({}),
    setup: () => ({
      async provider(_ctx, target, next) {
        const answer = await next(target)
        meet(answer)
        return answer
      },
      record: (record) => void records.push(record),
    }),
  })
  const gateway = await createGateway(
    { models: [{ name: 'm', model, apiKey: 'sk-upstream-key', baseURL: upstream.url }], use: [watch] },
    { env: {} },
  )
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const call = (signal?: AbortSignal) =>
    gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
      signal: signal ?? null,
    })
  return { call, records, ended: () => Promise.all(gone) }
}
