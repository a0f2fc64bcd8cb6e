import { expect, test } from 'vitest'
import { ByteStream } from '../../src/index.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunk: Uint8Array) => new TextDecoder().decode(chunk)

function source() {
  const seen: string[] = []
  const stream = new ByteStream({
    pause: () => seen.push('pause'),
    resume: () => seen.push('resume'),
    cancel: () => seen.push('cancel'),
  })
  return { stream, seen }
}

function watch(stream: ByteStream): string[] {
  const seen: string[] = []
  stream.tap({ write: (chunk) => seen.push(text(chunk)), end: (how) => seen.push(`<${how}>`) })
  return seen
}

test('a tap sees every piece once, in order, and the end after the last one', () => {
  const { stream } = source()
  const first = watch(stream)
  const order: string[] = []
  stream.onFinish(() => order.push(`books after ${first.length}`))
  stream.push(bytes('a'))
  const second = watch(stream)
  stream.read({ write: () => true, end: () => order.push('end'), destroy: () => {} })
  const third = watch(stream)
  stream.finishing()
  stream.push(bytes('b'))
  stream.end()
  stream.end()
  stream.push(bytes('late'))
  expect(first).toEqual(['a', 'b', '<end>'])
  // What waited for a reader was seen by those who came before one.
  expect(second).toEqual(['a', 'b', '<end>'])
  expect(third).toEqual(['b', '<end>'])
  expect(order).toEqual(['books after 1', 'end'])
})

test('a tap that comes when all is there but unread sees it all', () => {
  const { stream } = source()
  stream.push(bytes('a'))
  stream.end()
  expect(watch(stream)).toEqual(['a', '<end>'])
})

test('a tap learns of a break and of a reader that leaves', () => {
  const broken = source()
  const ofBroken = watch(broken.stream)
  broken.stream.push(bytes('a'))
  broken.stream.fail(new Error('broke'))
  expect(ofBroken).toEqual(['a', '<error>'])

  const left = source()
  const ofLeft = watch(left.stream)
  left.stream.cancel()
  left.stream.push(bytes('a'))
  left.stream.end()
  expect(ofLeft).toEqual(['<cancel>'])
  expect(left.seen).toEqual(['cancel'])
})

test('a tap has no part in backpressure', () => {
  const { stream, seen } = source()
  watch(stream)
  let open = false
  stream.read({ write: () => open, end: () => {}, destroy: () => {} })
  stream.push(bytes('a'))
  open = true
  stream.push(bytes('b'))
  stream.resume()
  expect(seen).toEqual(['resume', 'pause', 'resume'])
})

test('ByteStream.from sends when a reader comes, with the books closed before', async () => {
  const order: string[] = []
  const stream = ByteStream.from(bytes('hello'))
  const seen = watch(stream)
  stream.onFinish((how) => order.push(how))
  expect(seen).toEqual([])
  stream.read({ write: (chunk) => order.push(text(chunk)) < 0, end: () => order.push('ended'), destroy: () => {} })
  stream.resume()
  expect(order).toEqual(['end', 'hello', 'ended'])
  expect(seen).toEqual(['hello', '<end>'])
  expect(await new Response(ByteStream.from(bytes('web')).toWeb()).text()).toBe('web')
  expect(text(await ByteStream.from(bytes('all')).bytes())).toBe('all')
})

test('ByteStream.from that nobody reads ends when it is cancelled', () => {
  const stream = ByteStream.from(bytes('hello'))
  const order: string[] = []
  stream.onFinish((how) => order.push(how))
  stream.cancel()
  expect(order).toEqual(['cancel'])
})
