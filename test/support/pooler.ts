import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** What PgBouncer takes in a start of a connection besides names (its manual, `ignore_startup_parameters`). */
const TAKEN = new Set(
  'user database client_encoding datestyle timezone standard_conforming_strings application_name'.split(' '),
)

/** A PostgreSQL URL by way of something that refuses the same starts of connections as PgBouncer does. */
export async function startPooler(url: string): Promise<{ url: string; close(): Promise<void> }> {
  const behind = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => {})
    client.once('data', (start) => {
      const refused = namesIn(start).find((name) => !TAKEN.has(name.toLowerCase()))
      if (refused !== undefined) return client.end(refusal(`unsupported startup parameter: ${refused}`))
      const upstream = connect(Number(behind.port), behind.hostname)
      sockets.add(upstream)
      upstream.on('error', () => client.destroy())
      upstream.write(start)
      client.pipe(upstream).pipe(client)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const front = new URL(url)
  front.port = String((server.address() as AddressInfo).port)
  return {
    url: front.href,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The parameters of a StartupMessage (PostgreSQL manual, 55.7): length, version, then names and values. */
function namesIn(start: Buffer): string[] {
  const texts = start.toString('utf8', 8).split('\0')
  return texts.filter((text, at) => at % 2 === 0 && text !== '')
}

/** An ErrorResponse. */
function refusal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C08P01\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
