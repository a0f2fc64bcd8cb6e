import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { postHead } from '../support/raw.ts'
import { seeded } from '../transport/random.ts'
import { ask, chat, scene, WAYS } from './scene.ts'
import { openLine } from './line.ts'
import type { LineAnswer } from './line.ts'

const { port } = ports(scene(), scene({ limits: { body: 1000 } }))
const MIB = 1024 * 1024
const CONTENT = 'the content, é'

/** The ports, which are known once the servers listen. */
function ports(...scenes: readonly ReturnType<typeof scene>[]): { port(index?: number): number } {
  return { port: (index = 0) => scenes[index]!.port }
}

/** Sends the pieces so that each is read by itself. */
async function send(pieces: readonly string[], to = port()): Promise<LineAnswer> {
  const line = openLine(to)
  line.socket.setNoDelay()
  await once(line.socket, 'connect')
  for (const piece of pieces) {
    line.send(piece)
    if (pieces.length > 1) await pause(2)
  }
  const answer = await line.answer()
  line.leave()
  return answer
}

/** Runs so many at once. */
async function all<T>(of: readonly T[], run: (one: T) => Promise<void>, width = 16): Promise<void> {
  const left = [...of]
  const worker = async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await run(one)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

describe('a request in pieces', () => {
  const request = ask({ echo: true }, { content: CONTENT })
  const head = request.indexOf('\r\n\r\n') + 4

  test('cut anywhere', async () => {
    const cuts = Array.from({ length: request.length - 1 }, (_, i) => i + 1)
    await all(cuts, async (cut) => {
      const { status, body, direct } = await send([request.slice(0, cut), request.slice(cut)])
      expect({ cut, status, body }).toEqual({ cut, status: 200, body: CONTENT })
      if (cut >= head) expect(direct, String(cut)).toBe(true)
    })
  })

  test('in many pieces', async () => {
    const random = seeded(7)
    const cases = Array.from({ length: 60 }, () =>
      [0, ...Array.from({ length: random.from(2, 8) }, () => random.below(request.length)), request.length].sort(
        (a, b) => a - b,
      ),
    )
    await all(cases, async (cuts) => {
      const answer = await send(cuts.slice(1).map((cut, i) => request.slice(cuts[i], cut)))
      expect(answer.body, String(cuts)).toBe(CONTENT)
    })
  })

  test('the body byte by byte, one request after the other', async () => {
    const line = openLine(port())
    line.socket.setNoDelay()
    for (let i = 0; i < 3; i++) {
      line.send(request.slice(0, head))
      for (const byte of request.slice(head)) {
        line.send(byte)
        await pause(0)
      }
      expect(await line.answer()).toMatchObject({ body: CONTENT, direct: true })
    }
    line.leave()
  })
})

describe.each(WAYS)('bodies, $way', ({ query, direct }) => {
  const path = `/v1/chat/completions${query}`

  test.each([2000, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, MIB - 1, MIB, MIB + 1, 3 * MIB])(
    'of %i bytes',
    async (size) => {
      const content = 'x'.repeat(size - chat({ echo: true }, '').length)
      const request = ask({ echo: true }, { query, content })
      const answer = await send([request])
      expect(answer).toMatchObject({ status: 200, direct: direct && size <= MIB })
      expect(answer.body === content).toBe(true)
    },
  )

  test.each(['', '{', '1', 'x'])('%j', async (text) => {
    const answer = await send([
      postHead(path, { 'content-type': 'application/json', 'content-length': text.length }) + text,
    ])
    expect(answer).toMatchObject({ status: 400, direct })
    expect(JSON.parse(answer.body)).toMatchObject({ error: { type: 'invalid_request_error' } })
  })

  test('longer than the limit', async () => {
    const exact = ask({ echo: true }, { query, content: 'x'.repeat(1000 - chat({ echo: true }, '').length) })
    expect(await send([exact], port(1))).toMatchObject({ status: 200, direct })
    const over = ask({ echo: true }, { query, content: 'x'.repeat(1001 - chat({ echo: true }, '').length) })
    const answer = await send([over], port(1))
    expect(answer).toMatchObject({ status: 413, direct, headers: { connection: 'close' } })
  })
})
