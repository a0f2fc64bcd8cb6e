import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { endOfTurn } from '../../src/end-of-turn.ts'
import { bytes, start, text } from '../support/byte-stream.ts'

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
