import type { Random } from '../transport/random.ts'

const PATHS = ['/v1/chat/completions', '/v1/responses', '/openai/deployments/a:b/chat/completions', '/v1/files/~x-1.y']
const FIELDS = [
  'Host: 127.0.0.1:4000',
  'content-type: application/json',
  'Content-Length: 23',
  'Authorization: Bearer sk-0123456789',
  'accept: */*',
  'User-Agent: OpenAI/JS 6.1.0 (a; b)',
  'x-stainless-retry-count: 0',
  'Connection: keep-alive',
  'accept-encoding: gzip, deflate',
]
const LENGTHS = [
  '0',
  '1',
  '00',
  '023',
  '+23',
  '-1',
  '0x17',
  '2 3',
  '23,23',
  '23, 23',
  '1e1',
  '23.0',
  '',
  ' ',
  '\t23\t',
  '23 ',
]
LENGTHS.push(
  '1048576',
  '1048577',
  '9999999',
  '10000000',
  '18446744073709551639',
  '４',
  '23;',
  '"23"',
  '23\x00',
  '23\x0b',
)
const CODINGS = [
  'chunked',
  ' chunked',
  'Chunked',
  'xchunked',
  'identity',
  '',
  'chunked, chunked',
  '\x0bchunked',
  'gzip',
]
const NAMES = [
  'Transfer-Encoding',
  'transfer-encoding ',
  'Transfer_Encoding',
  ' Transfer-Encoding',
  'Transfer\x00-Encoding',
]
const OTHERS = ['Expect: 100-continue', 'Upgrade: h2c', 'HTTP2-Settings: a', 'Connection: close', 'Connection: upgrade']
OTHERS.push(
  'connection: Keep-Alive, x-a',
  'Proxy-Connection: close',
  'proxy-connection: keep-alive',
  'Keep-Alive: timeout=5',
)
OTHERS.push(
  'Trailer: x',
  'TE: trailers',
  'x-empty:',
  'x-tab:\t\ta\t',
  'x-colons: a:b: c',
  ':path: /x',
  'x',
  'x y: z',
  '"x": y',
  'é: x',
)
OTHERS.push(
  'Content_Length: 3',
  'Content-Length : 3',
  'Content-Length\t: 3',
  'content-length: 3',
  'Host: b',
  'host:',
  '__proto__: x',
)
const TARGETS = [
  '/',
  '//',
  '/v1//x',
  '//a/b',
  '/v1/',
  '/v1/.',
  '/v1/..',
  '/v1/../x',
  '/v1/.x',
  '/v1/a..b',
  '/v1/%2e',
  '/v1/x?',
  '/v1/x?a=1',
]
TARGETS.push(
  '/v1/x#a',
  'http://a/v1/x',
  'HTTP://127.0.0.1/v1/x',
  '*',
  'a:80',
  '/v1/x;y',
  '/v1/x\\y',
  '/v1/é',
  '/v1/x y',
  '/v1/x\ty',
  '',
  '/v1/@',
)
const LINES = [
  'POST /v1/x HTTP/1.0',
  'POST /v1/x HTTP/2.0',
  'POST /v1/x HTTP/1.1 ',
  'POST  /v1/x HTTP/1.1',
  'POST /v1/x  HTTP/1.1',
]
LINES.push(
  'post /v1/x HTTP/1.1',
  'Post /v1/x HTTP/1.1',
  'GET /v1/x HTTP/1.1',
  'POST /v1/x http/1.1',
  'POST /v1/x',
  'POST\t/v1/x HTTP/1.1',
)
LINES.push(
  'POST /v1/x HTTP/1.1x',
  ' POST /v1/x HTTP/1.1',
  '\r\nPOST /v1/x HTTP/1.1',
  'POST /v1/x HTTP/01.1',
  'PATCH /v1/x HTTP/1.1',
)
const ENDS = [
  '\n',
  '\r',
  '\n\r',
  '\r\r\n',
  '\r\n ',
  '\r\n\t',
  '\r\n\r\n',
  ' \r\n',
  '\t\r\n',
  '\x00\r\n',
  '\x85',
  '\x0b\r\n',
  '\u2028',
]
const BYTES = '\0\t\n\v\f\r !"#%&\'(),-./0:;=?@A[\\]_`{}~\x7f\x80\x85\xa0\xad\xff'

type Mutation = (random: Random, text: string) => string

const at = (random: Random, text: string) => random.below(text.length)
const line = (random: Random, text: string, change: (line: string) => string) => {
  const lines = text.split('\r\n')
  const index = random.below(lines.length)
  lines[index] = change(lines[index]!)
  return lines.join('\r\n')
}
/** Before the empty line. */
const add = (random: Random, text: string, field: string) => {
  const lines = text.split('\r\n')
  lines.splice(random.from(1, Math.max(1, lines.length - 2)), 0, field)
  return lines.join('\r\n')
}

const MUTATIONS: readonly Mutation[] = [
  (random, text) => cut(text, at(random, text), 1, random.pick([...BYTES])),
  (random, text) => cut(text, at(random, text), 0, random.pick([...BYTES])),
  (random, text) => cut(text, at(random, text), random.from(1, 3), ''),
  (random, text) => cut(text, at(random, text), 1, String.fromCharCode(random.below(256))),
  (random, text) => text.replaceAll(/[a-z]/gi, (one) => (random.chance(0.1) ? flip(one) : one)),
  (random, text) => line(random, text, (one) => `${one}\r\n${one}`),
  (random, text) =>
    line(random, text, (one) =>
      one.replace(': ', random.pick([':', ' :', '\t: ', ':  ', ':\t', ':\t ', ': :', ':\r\n '])),
    ),
  (random, text) => line(random, text, (one) => one + random.pick(ENDS)),
  (random, text) => add(random, text, random.pick(OTHERS)),
  (random, text) => add(random, text, `${random.pick(NAMES)}: ${random.pick(CODINGS)}`),
  (random, text) =>
    text.replace(/(content-length:)[^\r]*/i, `$1${random.pick([' ', '', '\t'])}${random.pick(LENGTHS)}`),
  (random, text) => text.replace(/^\S* \S*/, `POST ${random.pick(TARGETS)}`),
  (random, text) => text.replace(/^[^\r]*/, random.pick(LINES)),
  (random, text) => text.replace('\r\n', random.pick(ENDS)),
  (random, text) => text.replaceAll('\r\n', random.pick(['\n', '\r', '\r\n'])),
]

/** A head that is good, or was before it was changed. Latin-1. */
export function someHead(random: Random): string {
  const fields = FIELDS.filter((_, i) => i < 3 || random.chance(0.4)).sort(() => random.below(3) - 1)
  const harmless = random.chance(0.3) ? [`x-${random.below(1000)}: ${random.below(1000)}`] : []
  let text = `POST ${random.pick(PATHS)} HTTP/1.1\r\n${[...fields, ...harmless].join('\r\n')}\r\n\r\n`
  for (let times = random.pick([0, 1, 1, 1, 2, 3]); times > 0; times--) text = random.pick(MUTATIONS)(random, text)
  return text
}

function cut(text: string, index: number, length: number, put: string): string {
  return text.slice(0, index) + put + text.slice(index + length)
}

function flip(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
}
