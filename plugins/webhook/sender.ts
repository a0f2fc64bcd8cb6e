import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { logger } from '../../src/index.ts'

export interface SenderOptions {
  readonly secret: string | undefined
  /** Seconds. */
  readonly timeout: number
  readonly retries: number
  /** Seconds before the first retry; doubled for each further one. */
  readonly minDelay: number
  /** Events that wait at most. */
  readonly queue: number
}

/** Brings events to one address, one after the other. */
export interface Sender {
  /** Returns at once. Of a full queue the oldest event is dropped. */
  send(body: Record<string, unknown>): void
  /** Tries what is waiting once more, without patience, and ends. */
  close(): Promise<void>
}

const MAX_DELAY_S = 300
/** What a close waits for at most, milliseconds. */
const LAST_CALL_MS = 10_000
/** Statuses of a receiver that may take it later; of any other it never will. */
const LATER = new Set([408, 425, 429])

export function createSender(url: string, options: SenderOptions): Sender {
  const { host } = new URL(url)
  const waiting: string[] = []
  const closing = new AbortController()
  const lastCall = new AbortController()
  let working: Promise<void> | undefined
  let dropped = 0

  const deliver = async (text: string): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      const failure = await post(url, text, options, lastCall.signal)
      if (failure === undefined) return
      const last = attempt >= options.retries || closing.signal.aborted
      if (failure.final || last) {
        logger.warn(`webhook: ${host} did not take an event: ${failure.reason}.`)
        return
      }
      const seconds = Math.min(MAX_DELAY_S, options.minDelay * 2 ** attempt) * (0.5 + Math.random() / 2)
      await sleep(seconds * 1000, undefined, { signal: closing.signal, ref: false }).catch(() => {})
    }
  }
  const work = async () => {
    for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) await deliver(text)
    working = undefined
  }

  return {
    send(body) {
      if (closing.signal.aborted) return
      waiting.push(JSON.stringify(body))
      if (waiting.length > options.queue) {
        waiting.shift()
        if (dropped++ === 0) logger.warn(`webhook: ${host} is too slow; the oldest events are dropped.`)
      }
      working ??= work()
    },
    async close() {
      closing.abort()
      const timer = setTimeout(() => lastCall.abort(), LAST_CALL_MS)
      await working
      clearTimeout(timer)
    },
  }
}

interface Failure {
  readonly reason: string
  readonly final: boolean
}

/** The reason does not hold the address: there may be a token in it. */
async function post(
  url: string,
  text: string,
  { secret, timeout }: SenderOptions,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const timestamp = String(Math.floor(Date.now() / 1000))
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-ungate-timestamp': timestamp,
        ...(secret === undefined ? {} : { 'x-ungate-signature': signatureOf(secret, `${timestamp}.${text}`) }),
      },
      body: text,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout * 1000)]),
    })
    await response.body?.cancel()
    if (response.ok) return undefined
    return { reason: `it answered ${response.status}`, final: response.status < 500 && !LATER.has(response.status) }
  } catch (error) {
    const timedOut = (error as { name?: string }).name === 'TimeoutError'
    return { reason: timedOut ? `no answer within ${timeout} s` : 'it could not be reached', final: false }
  }
}

/** `sha256=<hex>` of HMAC-SHA256 over the timestamp, a dot and the body. */
export function signatureOf(secret: string, signed: string): string {
  return `sha256=${createHmac('sha256', secret).update(signed).digest('hex')}`
}
