import { request } from 'node:http'
import { ANTHROPIC_PIECES, chatBody, JSON_TEXT, MASTER_KEY, PIECES, PROVIDER_KEY, UPSTREAM_MODEL } from './payloads.ts'
import type { Kind } from './payloads.ts'
import type { Started, Variant } from './variants/types.ts'

export interface Reply {
  readonly status: number
  readonly text: string
}

/** One call, whole. */
export function callOnce(started: Started, kind: Kind, timeoutMs = 20_000): Promise<Reply> {
  const { path, headers, model } = started.request(kind)
  const body = chatBody(model, 1024, kind !== 'json')
  return send({ port: started.port, path, headers, body, timeoutMs })
}

/**
 * Makes a call of this kind and checks the answer, so that nobody is measured failing: status, every piece of the text,
 * the stream's end, and that the upstream got the right model and no key that it should not see.
 * @returns the length of the body in bytes
 */
export async function verify(variant: Variant, started: Started, kind: Kind, upstreamPort: number): Promise<number> {
  const reply = await callOnce(started, kind)
  const where = `${variant.name}, ${kind}`
  if (reply.status !== 200) throw new Error(`${where}: answered ${reply.status}: ${reply.text.slice(0, 500)}`)
  const expected = kind === 'json' ? JSON_TEXT : (kind === 'anthropic' ? ANTHROPIC_PIECES : PIECES).join('')
  const read = kind === 'json' ? readJson : kind === 'anthropic' && variant.relay ? readAnthropic : readStream
  const text = read(reply.text)
  if (text !== expected) throw new Error(`${where}: another text than the upstream's: ${reply.text.slice(0, 500)}`)
  const last = JSON.parse(
    (await send({ port: upstreamPort, path: '/last', headers: {}, body: '', timeoutMs: 5000 })).text,
  ) as { head: string; body: string }
  const asked = JSON.parse(last.body) as { model?: string }
  if (asked.model !== UPSTREAM_MODEL) throw new Error(`${where}: the upstream was asked for ${String(asked.model)}`)
  if (last.head.includes(MASTER_KEY)) throw new Error(`${where}: the client's key reached the upstream`)
  if (!variant.relay && !last.head.includes(PROVIDER_KEY)) throw new Error(`${where}: the upstream did not get its key`)
  await started.check?.(kind)
  return Buffer.byteLength(reply.text)
}

interface SendOptions {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
}

/** node:http rather than fetch: no pool that a restarted server could break. */
function send({ port, path, headers, body, timeoutMs }: SendOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body)
    const outgoing = request(
      {
        port,
        path,
        host: '127.0.0.1',
        method: 'POST',
        agent: false,
        timeout: timeoutMs,
        headers: { 'content-type': 'application/json', 'content-length': length, ...headers },
      },
      (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }))
        response.on('error', reject)
      },
    )
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

interface Chunk {
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null }
    readonly finish_reason?: string | null
  }[]
}

function readJson(text: string): string {
  const body = JSON.parse(text) as { choices?: { message?: { content?: string } }[] }
  return body.choices?.[0]?.message?.content ?? ''
}

function readStream(text: string): string {
  const events = dataOf(text)
  if (events.pop() !== '[DONE]') throw new Error(`the stream does not end with [DONE]: …${text.slice(-300)}`)
  const choices = events.flatMap((event) => (JSON.parse(event) as Chunk).choices ?? [])
  if (choices.filter((choice) => choice.finish_reason === 'stop').length !== 1)
    throw new Error('the stream does not finish once')
  return choices.map((choice) => choice.delta?.content ?? '').join('')
}

function readAnthropic(text: string): string {
  const events = dataOf(text).map((data) => JSON.parse(data) as { type: string; delta?: { text?: string } })
  if (events.at(-1)?.type !== 'message_stop') throw new Error('the stream does not end with message_stop')
  return events.map((event) => event.delta?.text ?? '').join('')
}

function dataOf(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
}
