import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ask } from './support.ts'

const messages = [{ role: 'user', content: 'Hello there' }]

/** Lets `ms` of the pretended time pass. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** Reads a stream in the background; what has come so far is in the list. */
function watch(response: Response): { chunks: string[]; state: () => unknown } {
  const chunks: string[] = []
  let state: unknown = 'open'
  const reader = response.body!.getReader()
  void (async () => {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        chunks.push(new TextDecoder().decode(value))
      }
      state = 'ended'
    } catch (error) {
      state = error
    }
  })()
  return { chunks, state: () => state }
}

/** Whether a promise has come to an end. */
function track(promise: Promise<Response>): { state: () => unknown } {
  let state: unknown = 'waiting'
  promise.then(
    (response) => (state = response),
    (error: unknown) => (state = error),
  )
  return { state: () => state }
}

describe('speed', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('a stream starts after the latency and keeps the pace', async () => {
    const answer = track(ask({ model: '4-tokens', messages, stream: true }, { options: { pace: 10, latency: 200 } }))
    await pass(199)
    expect(answer.state()).toBe('waiting')
    await pass(1)
    const { chunks, state } = watch(answer.state() as Response)
    await pass(0)
    // The role and the first token come at once, then one token each 100 ms; finish and end come with the last.
    expect(chunks).toHaveLength(2)
    await pass(99)
    expect(chunks).toHaveLength(2)
    await pass(1)
    expect(chunks).toHaveLength(3)
    await pass(100)
    expect(chunks).toHaveLength(4)
    await pass(100)
    expect(chunks).toHaveLength(5)
    await pass(100)
    expect(chunks.at(-1)).toBe('data: [DONE]\n\n')
    expect(state()).toBe('ended')
  })

  it('a whole answer takes as long as its tokens', async () => {
    const answer = track(ask({ model: '4-tokens', messages }, { options: { pace: 10, latency: 200 } }))
    await pass(599)
    expect(answer.state()).toBe('waiting')
    await pass(1)
    expect(answer.state()).toBeInstanceOf(Response)
  })

  it('is 40 tokens a second after 120 ms by default', async () => {
    const answer = track(ask({ model: '40-tokens', messages }, { options: {} }))
    await pass(1119)
    expect(answer.state()).toBe('waiting')
    await pass(1)
    expect(answer.state()).toBeInstanceOf(Response)
  })

  it('slow takes ten times as long', async () => {
    const answer = track(ask({ model: 'slow', messages, max_tokens: 2 }, { options: { pace: 10, latency: 100 } }))
    await pass(2999)
    expect(answer.state()).toBe('waiting')
    await pass(1)
    expect(answer.state()).toBeInstanceOf(Response)
  })

  it('errors come after the latency, embeddings too', async () => {
    const options = { pace: 10, latency: 50 }
    const answers = [
      track(ask({ model: 'error-500', messages }, { options })),
      track(ask({ model: 'mock', input: 'a' }, { options, path: '/embeddings' })),
    ]
    await pass(49)
    expect(answers.map(({ state }) => state())).toEqual(['waiting', 'waiting'])
    await pass(1)
    for (const { state } of answers) expect(state()).toBeInstanceOf(Response)
  })

  it('timeout waits for ever, until the caller leaves', async () => {
    const caller = new AbortController()
    const answer = track(ask({ model: 'timeout', messages }, { signal: caller.signal }))
    await pass(3_600_000)
    expect(answer.state()).toBe('waiting')
    caller.abort()
    await pass(0)
    expect(answer.state()).toMatchObject({ name: 'AbortError' })
  })

  it('leaving before the answer ends the wait, and leaves no timer', async () => {
    const caller = new AbortController()
    const answer = track(ask({ model: 'mock', messages }, { signal: caller.signal, options: { latency: 5000 } }))
    await pass(10)
    caller.abort()
    await pass(0)
    expect(answer.state()).toBe(caller.signal.reason)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('who has left already gets nothing', async () => {
    await expect(ask({ model: 'mock', messages }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  it('leaving in the middle of a stream breaks it, and leaves no timer', async () => {
    const caller = new AbortController()
    const options = { pace: 1, latency: 0 }
    const response = await ask({ model: 'mock', messages, stream: true }, { signal: caller.signal, options })
    const { chunks, state } = watch(response)
    await pass(1000)
    expect(chunks).toHaveLength(3)
    caller.abort()
    await pass(0)
    expect(state()).toBe(caller.signal.reason)
    expect(chunks).toHaveLength(3)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('a reader who cancels leaves no timer either', async () => {
    const response = await ask({ model: 'mock', messages, stream: true }, { options: { pace: 1, latency: 0 } })
    const reader = response.body!.getReader()
    await reader.read()
    await reader.read()
    const third = reader.read()
    await pass(10)
    await reader.cancel()
    expect((await third).done).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('nothing is made before it is read', async () => {
    const response = await ask({ model: '100000-tokens', messages, stream: true })
    const reader = response.body!.getReader()
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value).match(/data: /g)).toHaveLength(1)
    await reader.cancel()
  })
})
