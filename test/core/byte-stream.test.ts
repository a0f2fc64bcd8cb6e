import { describe, expect, test } from 'vitest'
import { ByteStream, concat } from '../../src/byte-stream.ts'
import type { StreamEnd } from '../../src/byte-stream.ts'
import { bytes, start, text } from '../support/byte-stream.ts'

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
