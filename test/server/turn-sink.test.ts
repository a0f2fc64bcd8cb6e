import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ByteStream } from '../../src/byte-stream.ts'
import { TurnSink } from '../../src/turn-sink.ts'

const KIB = 1024
let calls: string[]
let writes: { sizes: number[]; last: boolean }[]
/** What the writer says. */
let room: boolean
let stream: ByteStream
let sink: TurnSink

beforeEach(() => {
  calls = []
  writes = []
  room = true
  stream = new ByteStream({
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    cancel: () => void calls.push('cancel'),
  })
  sink = new TurnSink(stream, {
    write(pieces, last) {
      writes.push({ sizes: pieces.map(({ length }) => length), last })
      return room
    },
    destroy: () => void calls.push('destroy'),
  })
  stream.read(sink)
  calls = []
})

const push = (...sizes: number[]) => {
  for (const size of sizes) stream.push(new Uint8Array(size))
}
const turn = async () => {
  await new Promise(setImmediate)
  await new Promise(setImmediate)
}

afterEach(turn)

describe('the pieces of a turn', () => {
  test('are one write at its end', async () => {
    push(1, 2, 3)
    expect(writes).toEqual([])
    await turn()
    push(4)
    await turn()
    await turn()
    expect(writes).toEqual([
      { sizes: [1, 2, 3], last: false },
      { sizes: [4], last: false },
    ])
  })

  test('with the end behind them, once', async () => {
    push(1)
    stream.end()
    await turn()
    await turn()
    expect(writes).toEqual([{ sizes: [1], last: true }])
    expect(calls).toEqual([])
  })

  test('the end alone', async () => {
    push(1)
    await turn()
    stream.end()
    await turn()
    expect(writes).toEqual([
      { sizes: [1], last: false },
      { sizes: [], last: true },
    ])
  })

  test('of more than 32 KiB are written at once, and counted anew', async () => {
    push(32 * KIB)
    expect(writes).toEqual([])
    push(1)
    expect(writes).toEqual([{ sizes: [32 * KIB, 1], last: false }])
    push(32 * KIB)
    expect(writes).toHaveLength(1)
    push(1)
    stream.end()
    await turn()
    expect(writes.slice(1)).toEqual([
      { sizes: [32 * KIB, 1], last: false },
      { sizes: [], last: true },
    ])
  })

  test('of nothing at all are none', async () => {
    await turn()
    expect(writes).toEqual([])
  })
})

describe('a reader that is behind', () => {
  test('pauses the stream at the end of the turn, until it has caught up', async () => {
    room = false
    push(1)
    expect(calls).toEqual([])
    await turn()
    expect(calls).toEqual(['pause'])
    room = true
    sink.drained()
    expect(calls).toEqual(['pause', 'resume'])
    push(1)
    await turn()
    expect(calls).toEqual(['pause', 'resume'])
  })

  test('in the middle of a turn: what comes nevertheless pauses it again', () => {
    room = false
    push(40 * KIB)
    expect(calls).toContain('pause')
    calls = []
    push(1)
    expect(calls).toEqual(['pause'])
  })

  test('is of no interest once the stream has ended', async () => {
    room = false
    push(1)
    stream.end()
    await turn()
    expect(writes).toEqual([{ sizes: [1], last: true }])
    expect(calls).toEqual([])
    sink.drained()
    expect(calls).toEqual([])
  })
})

describe('a stream', () => {
  test('that breaks: what there is, then the cut', async () => {
    push(1, 2)
    stream.fail(new Error('broken'))
    expect(writes).toEqual([{ sizes: [1, 2], last: false }])
    expect(calls).toEqual(['destroy'])
    await turn()
    expect(writes).toHaveLength(1)
  })

  test('that breaks before it began', async () => {
    stream.fail(new Error('broken'))
    await turn()
    expect(writes).toEqual([])
    expect(calls).toEqual(['destroy'])
  })

  test('that is cancelled writes nothing more', async () => {
    push(1)
    stream.cancel()
    await turn()
    expect(writes).toEqual([])
    expect(calls).toEqual(['cancel'])
  })
})
