import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { ByteStream, concat } from '../../src/byte-stream.ts'
import { endOfTurn } from '../../src/end-of-turn.ts'
import type { StreamEnd } from '../../src/byte-stream.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunks: readonly Uint8Array[]) => new TextDecoder().decode(concat(chunks))

/** A stream whose source notes what it is told. */
function start() {
  const told: string[] = []
  const stream = new ByteStream({
    pause: () => void told.push('pause'),
    resume: () => void told.push('resume'),
    cancel: () => void told.push('cancel'),
  })
  const finished: StreamEnd[] = []
  return { stream, told, finished, watch: () => stream.onFinish((how) => finished.push(how)) }
}

/** A reader that has room for a while, or not. */
function reader(room = true) {
  const got: Uint8Array[] = []
  const ends: string[] = []
  return {
    got,
    ends,
    sink: {
      write: (chunk: Uint8Array) => {
        got.push(chunk)
        return room
      },
      end: () => void ends.push('end'),
      destroy: (error: Error) => void ends.push(error.message),
    },
  }
}

describe('a reader', () => {
  test('gets what was pushed before it came, then all that follows', () => {
    const { stream, told } = start()
    const { got, ends, sink } = reader()
    stream.push(bytes('a'))
    stream.push(bytes('b'))
    expect(told).toEqual(['pause', 'pause'])
    stream.read(sink)
    expect(text(got)).toBe('ab')
    expect(told.at(-1)).toBe('resume')
    stream.push(bytes('c'))
    stream.end()
    stream.end()
    stream.push(bytes('too late'))
    expect({ text: text(got), ends }).toEqual({ text: 'abc', ends: ['end'] })
  })

  test('that has no room pauses the source, and is not resumed before it asks', () => {
    const { stream, told } = start()
    const { sink } = reader(false)
    stream.push(bytes('a'))
    stream.read(sink)
    expect(told).toEqual(['pause'])
    stream.push(bytes('b'))
    expect(told).toEqual(['pause', 'pause'])
    stream.resume()
    expect(told).toEqual(['pause', 'pause', 'resume'])
  })

  test('that comes after the end gets everything and the end', () => {
    const { stream, told } = start()
    const { got, ends, sink } = reader()
    stream.push(bytes('a'))
    stream.end()
    stream.read(sink)
    stream.resume()
    expect({ text: text(got), ends, told }).toEqual({ text: 'a', ends: ['end'], told: ['pause'] })
  })

  test('that comes after a failure gets what there was, then the failure', () => {
    const { stream } = start()
    const { got, ends, sink } = reader()
    stream.push(bytes('a'))
    stream.fail(new Error('broken'))
    stream.fail(new Error('again'))
    stream.end()
    stream.read(sink)
    expect({ text: text(got), ends }).toEqual({ text: 'a', ends: ['broken'] })
  })

  test('that leaves is told nothing more, and the source is told once', () => {
    const { stream, told } = start()
    const { got, ends, sink } = reader()
    stream.read(sink)
    stream.cancel()
    stream.abort()
    stream.push(bytes('a'))
    stream.end()
    stream.resume()
    expect({ got, ends, told, cancelled: stream.cancelled }).toEqual({
      got: [],
      ends: [],
      told: ['resume', 'cancel'],
      cancelled: true,
    })
  })
})

describe('the end of the books', () => {
  test.each<[string, (stream: ByteStream) => void, StreamEnd]>([
    ['an end', (stream) => stream.end(), 'end'],
    ['an end that is announced', (stream) => (stream.finishing(), stream.push(bytes('x')), stream.end()), 'end'],
    ['a failure', (stream) => stream.fail(new Error('x')), 'error'],
    ['a reader that leaves', (stream) => stream.cancel(), 'cancel'],
    ['an end, then a reader that leaves', (stream) => (stream.end(), stream.cancel()), 'end'],
    [
      'a reader that leaves, then an end',
      (stream) => (stream.cancel(), stream.end(), stream.fail(new Error('x'))),
      'cancel',
    ],
    ['an announced end, then a failure', (stream) => (stream.finishing(), stream.fail(new Error('x'))), 'end'],
  ])('%s is told once, to who asked before and to who asks after', (_name, happen, how) => {
    const before = start()
    before.watch()
    happen(before.stream)
    expect(before.finished).toEqual([how])
    const after = start()
    happen(after.stream)
    after.watch()
    expect(after.finished).toEqual([how])
  })

  test('is before the last bytes leave, when they are announced', () => {
    const { stream } = start()
    const { got, sink } = reader()
    stream.read(sink)
    let seen = -1
    stream.onFinish(() => (seen = got.length))
    stream.push(bytes('a'))
    stream.finishing()
    stream.push(bytes('b'))
    stream.end()
    expect(seen).toBe(1)
  })
})

describe('a Node response', () => {
  class FakeResponse extends EventEmitter {
    readonly got: Uint8Array[] = []
    room = true
    writableFinished = false
    ended = 0
    error: Error | undefined
    write(chunk: Uint8Array) {
      this.got.push(chunk)
      return this.room
    }
    end() {
      this.ended++
    }
    destroy(error?: Error) {
      this.error = error
    }
  }

  test('pauses and drains', async () => {
    const { stream, told } = start()
    const response = new FakeResponse()
    stream.pipe(response)
    response.room = false
    stream.push(bytes('a'))
    await endOfTurn()
    response.emit('drain')
    stream.end()
    await endOfTurn()
    response.emit('drain')
    expect({ told, ended: response.ended }).toEqual({ told: ['resume', 'pause', 'resume'], ended: 1 })
  })

  test('gets what one turn brought at its end, in order, and the end with it', async () => {
    const { stream } = start()
    const response = new FakeResponse()
    stream.push(bytes('a'))
    stream.pipe(response)
    stream.push(bytes('b'))
    expect(text(response.got)).toBe('')
    await endOfTurn()
    expect(text(response.got)).toBe('ab')
    stream.push(bytes('c'))
    stream.end()
    expect(response.ended).toBe(0)
    await endOfTurn()
    expect({ text: text(response.got), ended: response.ended }).toEqual({ text: 'abc', ended: 1 })
  })

  test('gets much of one turn before its end, and the source is paused where there is no room', async () => {
    const { stream, told } = start()
    const response = new FakeResponse()
    stream.pipe(response)
    response.room = false
    const piece = new Uint8Array(20_000)
    stream.push(piece)
    expect({ got: response.got.length, told }).toEqual({ got: 0, told: ['resume'] })
    stream.push(piece)
    expect({ got: response.got.length, told }).toEqual({ got: 2, told: ['resume', 'pause', 'pause'] })
    stream.push(piece)
    expect(told).toEqual(['resume', 'pause', 'pause', 'pause'])
    stream.end()
    await endOfTurn()
    expect({ got: response.got.length, ended: response.ended }).toEqual({ got: 3, ended: 1 })
  })

  test('gets what came before a stream breaks, and nothing once it has left', async () => {
    const broken = start()
    const response = new FakeResponse()
    broken.stream.pipe(response)
    broken.stream.push(bytes('a'))
    broken.stream.fail(new Error('broken'))
    expect({ text: text(response.got), error: response.error?.message }).toEqual({ text: 'a', error: 'broken' })
    const left = start()
    const other = new FakeResponse()
    left.stream.pipe(other)
    left.stream.push(bytes('a'))
    other.emit('close')
    await endOfTurn()
    expect(text(other.got)).toBe('')
  })

  test('closed before it is finished means that the reader left; after, nothing', () => {
    const left = start()
    const response = new FakeResponse()
    left.stream.pipe(response)
    response.emit('close')
    expect(left.told.at(-1)).toBe('cancel')
    const finished = start()
    const other = new FakeResponse()
    finished.stream.pipe(other)
    finished.stream.end()
    other.writableFinished = true
    other.emit('close')
    expect(finished.told).toEqual(['resume'])
  })

  test('is cut when the stream fails', () => {
    const { stream } = start()
    const response = new FakeResponse()
    stream.pipe(response)
    stream.fail(new Error('broken'))
    expect(response.error?.message).toBe('broken')
  })
})

describe('a web stream', () => {
  test('has the same bytes', async () => {
    const { stream } = start()
    const whole = new Response(stream.toWeb()).text()
    for (const piece of ['a', 'ä', '🐦']) stream.push(bytes(piece))
    stream.end()
    expect(await whole).toBe('aä🐦')
  })

  test('pauses the source at 64 KiB unread, and resumes it when they are read', async () => {
    const { stream, told } = start()
    const read = stream.toWeb().getReader()
    await Promise.resolve()
    told.length = 0
    stream.push(new Uint8Array(60_000))
    expect(told).toEqual([])
    stream.push(new Uint8Array(60_000))
    expect(told).toEqual(['pause'])
    await read.read()
    await read.read()
    expect(told).toContain('resume')
  })

  test('that is cancelled cancels the source', async () => {
    const { stream, told, finished, watch } = start()
    watch()
    await stream.toWeb().cancel()
    expect({ last: told.at(-1), finished }).toEqual({ last: 'cancel', finished: ['cancel'] })
  })

  test('that fails rejects its reader', async () => {
    const { stream } = start()
    const whole = new Response(stream.toWeb()).text()
    stream.push(bytes('a'))
    stream.fail(new Error('broken'))
    await expect(whole).rejects.toThrow('broken')
  })
})

test('read as one array', async () => {
  const { stream } = start()
  stream.push(bytes('a'))
  const all = stream.bytes()
  stream.push(bytes('b'))
  stream.end()
  expect(text([await all])).toBe('ab')
  const broken = start().stream
  const rest = broken.bytes()
  broken.fail(new Error('broken'))
  await expect(rest).rejects.toThrow('broken')
})

test('concat', () => {
  expect(new Uint8Array(concat([]))).toEqual(new Uint8Array())
  const one = bytes('one')
  expect(concat([one])).toBe(one)
  expect(text([bytes('a'), new Uint8Array(), bytes('bc')])).toBe('abc')
})
