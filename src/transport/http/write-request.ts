import type { Socket } from 'node:net'
import type { UpstreamBody } from '../../types/provider.ts'
import { allocateMemory } from '../../write-memory.ts'
import type { WriteMemory } from '../../write-memory.ts'

export type WholeBody = Exclude<UpstreamBody, AsyncIterable<Uint8Array>>
type Piece = string | Uint8Array

/** Its length is known before it is sent. */
export function isWhole(body: UpstreamBody): body is WholeBody {
  return typeof body === 'string' || body instanceof Uint8Array || Array.isArray(body)
}

/** Bytes. */
export function sizeOf(body: WholeBody): number {
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (body instanceof Uint8Array) return body.length
  let size = 0
  for (const piece of body) size += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
  return size
}

/** Longer requests are written from where they lie. */
const LONGEST = 64 * 1024
/** Where requests are put together: head and body are one write. */
let memory: WriteMemory | undefined

/** Sends a request whose body is there. `plain`: what the socket is given goes to the kernel at once. */
export function writeWhole(socket: Socket, head: string, body: WholeBody | undefined, plain: boolean): void {
  const size = head.length + (body === undefined ? 0 : sizeOf(body))
  if (size > LONGEST) return writeApart(socket, head, body!)
  const room = plain && socket.writableLength === 0 ? (memory ??= allocateMemory(LONGEST)) : allocateMemory(size)
  let end = room.latin1Write(head, 0)
  if (Array.isArray(body)) for (const piece of body as Piece[]) end += put(room, piece, end)
  else if (body !== undefined) end += put(room, body as Piece, end)
  socket.write(room.subarray(0, end))
  // What the kernel did not take stays where it is.
  if (room === memory && socket.writableLength > 0) memory = undefined
}

function put(room: WriteMemory, piece: Piece, at: number): number {
  if (typeof piece === 'string') return room.utf8Write(piece, at)
  room.set(piece, at)
  return piece.length
}

function writeApart(socket: Socket, head: string, body: WholeBody): void {
  socket.cork()
  socket.write(head, 'latin1')
  if (Array.isArray(body)) for (const piece of body as Piece[]) socket.write(piece)
  else socket.write(body as Piece)
  socket.uncork()
}

/** Sends a body as it comes, in chunks (RFC 9112 §7.1). Resolves when all of it is written or the socket is gone. */
export async function writeStream(socket: Socket, head: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  socket.write(head, 'latin1')
  const pieces = body[Symbol.asyncIterator]()
  // Whoever makes the body is told when nobody takes it any more, also while it is being made.
  const stop = () => void Promise.resolve(pieces.return?.()).catch(() => {})
  socket.once('close', stop)
  for (;;) {
    const { done, value: piece } = await pieces.next()
    if (done) break
    if (socket.destroyed) return
    // A chunk of no bytes would be the last one.
    if (piece.length === 0) continue
    socket.cork()
    socket.write(`${piece.length.toString(16)}\r\n`)
    socket.write(piece)
    const open = socket.write('\r\n')
    socket.uncork()
    if (!open) await drained(socket)
  }
  socket.off('close', stop)
  if (!socket.destroyed) socket.write('0\r\n\r\n')
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
