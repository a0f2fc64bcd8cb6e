import dns from 'node:dns'
import { createHttpTransport } from '../../src/transport/http/transport.ts'

// Run as a process of its own: asks a URL so many times, one after the other, and does nothing more.
// node one-call.ts <url> [times] [addresses of the host, by commas]
const [url = '', times = '1', addresses] = process.argv.slice(2)

if (addresses) {
  const found = addresses.split(',').map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const lookup = (_host: string, _options: unknown, done: (error: null, all: typeof found) => void) =>
    setImmediate(() => done(null, found))
  dns.lookup = lookup as unknown as typeof dns.lookup
}

const transport = createHttpTransport()
ask(Number(times))

function ask(left: number) {
  if (left === 0) return
  let body = ''
  let status = 0
  const say = (code: unknown) => {
    console.log(JSON.stringify({ status, body, code }))
    ask(left - 1)
  }
  transport.dispatch(
    { url, method: 'GET', headers: {} },
    {
      start() {},
      headers: (code) => void (status = code),
      data: (chunk) => void (body += Buffer.from(chunk).toString()),
      end: () => say(undefined),
      error: (error) => say((error as { code?: unknown }).code ?? String(error)),
    },
    { headers: 10_000, idle: 10_000 },
  )
}
