import { seeded } from './random.ts'
import type { Random } from './random.ts'

/** A response, and what it says. */
export interface Sample {
  name: string
  bytes: Buffer
  method?: string
  status: number
  headers: Record<string, string | string[]>
  body: Buffer
  /** The server's close is the end of the body. */
  closes?: boolean
  /** The connection can be used again. */
  clean: boolean
  keepAliveSeconds?: number
}

/** Every byte value, and CRLFs where a careless reader would take them for an end. */
export const EVERY_BYTE = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('\r\n\r\n0\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 3\r\n\r\n\r\n\n\r\r'),
])

const bytes = (...parts: (string | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))

/** A response with the usual head. */
function sample(name: string, parts: (string | Uint8Array)[], more: Partial<Sample> = {}): Sample {
  return { name, bytes: bytes(...parts), status: 200, headers: {}, body: Buffer.alloc(0), clean: true, ...more }
}

const OK = 'HTTP/1.1 200 OK\r\n'
const TE = 'transfer-encoding: chunked\r\n\r\n'
const chunkedHeaders = { 'transfer-encoding': 'chunked' }
const hello = Buffer.from('hello')

export const SAMPLES: readonly Sample[] = [
  sample('a length', [OK, `Content-Length: ${EVERY_BYTE.length}\r\n\r\n`, EVERY_BYTE], {
    headers: { 'content-length': `${EVERY_BYTE.length}` },
    body: EVERY_BYTE,
  }),
  sample('a length of 0', [OK, 'content-length: 0\r\n\r\n'], { headers: { 'content-length': '0' } }),
  sample('a length with zeros before it', [OK, 'content-length: 005\r\n\r\nhello'], {
    headers: { 'content-length': '005' },
    body: hello,
  }),
  sample('the same length twice', [OK, 'content-length: 5\r\ncontent-length: 5\r\n\r\nhello'], {
    headers: { 'content-length': ['5', '5'] },
    body: hello,
  }),
  sample('chunks', [OK, TE, '5\r\nhello\r\n', '1\r\n \r\n', '5\r\nworld\r\n', '0\r\n\r\n'], {
    headers: chunkedHeaders,
    body: Buffer.from('hello world'),
  }),
  sample('a chunk of every byte', [OK, TE, EVERY_BYTE.length.toString(16), '\r\n', EVERY_BYTE, '\r\n0\r\n\r\n'], {
    headers: chunkedHeaders,
    body: EVERY_BYTE,
  }),
  sample('no chunk but the last', [OK, TE, '0\r\n\r\n'], { headers: chunkedHeaders }),
  sample('hex in capitals', [OK, TE, '1A\r\n', 'x'.repeat(26), '\r\n0\r\n\r\n'], {
    headers: chunkedHeaders,
    body: Buffer.from('x'.repeat(26)),
  }),
  sample('hex in small letters', [OK, TE, '1f\r\n', 'x'.repeat(31), '\r\n000\r\n\r\n'], {
    headers: chunkedHeaders,
    body: Buffer.from('x'.repeat(31)),
  }),
  sample('chunk sizes with zeros before them', [OK, TE, '00000005\r\nhello\r\n', '0001\r\n!\r\n', '0000\r\n\r\n'], {
    headers: chunkedHeaders,
    body: Buffer.from('hello!'),
  }),
  sample('extensions', [OK, TE, '5;a=b;c="d e"\r\nhello\r\n', '1;x\r\n!\r\n', '0;last=1\r\n\r\n'], {
    headers: chunkedHeaders,
    body: Buffer.from('hello!'),
  }),
  sample('trailers', [OK, TE, '5\r\nhello\r\n', '0\r\nX-Sum: 12\r\nX-More: a b\r\n\r\n'], {
    headers: chunkedHeaders,
    body: hello,
  }),
  sample('the coding in capitals', [OK, 'Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'], {
    headers: { 'transfer-encoding': 'Chunked' },
    body: hello,
  }),
  sample('no framing: until the close', [OK, 'x: 1\r\n\r\n', EVERY_BYTE], {
    headers: { x: '1' },
    body: EVERY_BYTE,
    closes: true,
    clean: false,
  }),
  sample('nothing until the close', [OK, 'x: 1\r\n\r\n'], { headers: { x: '1' }, closes: true, clean: false }),
  sample('204', ['HTTP/1.1 204 No Content\r\n\r\n'], { status: 204 }),
  sample('204 with a length', ['HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n'], {
    status: 204,
    headers: { 'content-length': '5' },
  }),
  sample('304', ['HTTP/1.1 304 Not Modified\r\ncontent-length: 12\r\netag: "x"\r\n\r\n'], {
    status: 304,
    headers: { 'content-length': '12', etag: '"x"' },
  }),
  sample('HEAD with a length', [OK, 'content-length: 120\r\n\r\n'], {
    method: 'HEAD',
    headers: { 'content-length': '120' },
  }),
  sample('HEAD with a coding', [OK, TE], { method: 'HEAD', headers: chunkedHeaders }),
  sample('HEAD without framing', [OK, 'a: b\r\n\r\n'], { method: 'HEAD', headers: { a: 'b' } }),
  sample('100 before', ['HTTP/1.1 100 Continue\r\n\r\n', OK, 'content-length: 5\r\n\r\nhello'], {
    headers: { 'content-length': '5' },
    body: hello,
  }),
  sample(
    'several 1xx before',
    [
      'HTTP/1.1 102 Processing\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\ncontent-length: 7\r\n\r\n',
      'HTTP/1.1 199 \r\n\r\n',
      OK,
      TE,
      '5\r\nhello\r\n0\r\n\r\n',
    ],
    { headers: chunkedHeaders, body: hello },
  ),
  sample(
    'repeated headers',
    [OK, 'Set-Cookie: a=1\r\nX-a: 1\r\nset-cookie: b=2\r\nSET-COOKIE: c=3\r\n', TE, '0\r\n\r\n'],
    {
      headers: { 'set-cookie': ['a=1', 'b=2', 'c=3'], 'x-a': '1', 'transfer-encoding': 'chunked' },
    },
  ),
  sample('empty values', [OK, 'x-a:\r\nx-b: \r\nx-c:\t \r\ncontent-length:5\r\n\r\nhello'], {
    headers: { 'x-a': '', 'x-b': '', 'x-c': '', 'content-length': '5' },
    body: hello,
  }),
  sample('space around values', [OK, 'x-a: \t a  b\t \r\ncontent-length:\t5 \r\n\r\nhello'], {
    headers: { 'x-a': 'a  b', 'content-length': '5' },
    body: hello,
  }),
  sample('colons and every sign of a token', [OK, "!#$%&'*+-.^_`|~9aZ: a:b:\r\ncontent-length: 0\r\n\r\n"], {
    headers: { "!#$%&'*+-.^_`|~9az": 'a:b:', 'content-length': '0' },
  }),
  sample(
    'names that objects know',
    [OK, 'constructor: a\r\ntoString: b\r\nhasOwnProperty: c\r\ncontent-length: 0\r\n\r\n'],
    {
      headers: { constructor: 'a', tostring: 'b', hasownproperty: 'c', 'content-length': '0' },
    },
  ),
  sample('no reason', ['HTTP/1.1 200\r\ncontent-length: 5\r\n\r\nhello'], {
    headers: { 'content-length': '5' },
    body: hello,
  }),
  sample('an empty reason', ['HTTP/1.1 503 \r\ncontent-length: 5\r\n\r\nhello'], {
    status: 503,
    headers: { 'content-length': '5' },
    body: hello,
  }),
  sample('a reason in Latin-1', ['HTTP/1.1 404 Pas trouv\xe9\r\ncontent-length: 0\r\n\r\n'], {
    status: 404,
    headers: { 'content-length': '0' },
  }),
  sample('Latin-1 in values', [OK, 'x-a: caf\xe9 \xff\x80\r\nx-b: \xe9\r\ncontent-length: 0\r\n\r\n'], {
    headers: { 'x-a': 'café \xff\x80', 'x-b': '\xe9', 'content-length': '0' },
  }),
  sample(
    'values that end and begin with the byte of a no-break space',
    [OK, 'x-a: \xc3\xa0\r\nx-b: \xa0b\r\ncontent-length: 0\r\n\r\n'],
    {
      headers: { 'x-a': '\xc3\xa0', 'x-b': '\xa0b', 'content-length': '0' },
    },
  ),
  sample('HTTP/1.0', ['HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello'], {
    headers: { 'content-length': '5' },
    body: hello,
    clean: false,
  }),
  sample('HTTP/1.0 until the close', ['HTTP/1.0 200 OK\r\n\r\nhello'], { body: hello, closes: true, clean: false }),
  sample('HTTP/1.0 that stays', ['HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\ncontent-length: 5\r\n\r\nhello'], {
    headers: { connection: 'Keep-Alive', 'content-length': '5' },
    body: hello,
  }),
  sample('Connection: close', [OK, 'connection: Close\r\ncontent-length: 5\r\n\r\nhello'], {
    headers: { connection: 'Close', 'content-length': '5' },
    body: hello,
    clean: false,
  }),
  sample('close among other options', [OK, 'connection: foo, close\r\n', TE, '5\r\nhello\r\n0\r\n\r\n'], {
    headers: { connection: 'foo, close', ...chunkedHeaders },
    body: hello,
    clean: false,
  }),
  sample('close in a second field', [OK, 'connection: foo\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello'], {
    headers: { connection: ['foo', 'close'], 'content-length': '5' },
    body: hello,
    clean: false,
  }),
  sample('a time to keep', [OK, 'keep-alive: timeout=7, max=100\r\ncontent-length: 5\r\n\r\nhello'], {
    headers: { 'keep-alive': 'timeout=7, max=100', 'content-length': '5' },
    body: hello,
    keepAliveSeconds: 7,
  }),
]

/** A good response that no one thought of. Nothing in it is a matter of taste: every reader must take it alike. */
export function randomSample(random: Random): Sample {
  const status = random.pick([200, 200, 200, 201, 204, 304, 400, 404, 429, 500, 503, 599])
  const method = random.chance(0.1) ? 'HEAD' : 'POST'
  const minor = random.chance(0.9) ? 1 : 0
  const empty = method === 'HEAD' || status === 204 || status === 304
  const body = empty ? Buffer.alloc(0) : random.bytes(random.pick([0, 1, 2, 17, 300, 5000]))
  const kind = random.pick(
    minor === 1 ? (['length', 'chunked', 'chunked', 'close'] as const) : (['length', 'close'] as const),
  )
  const headers: Record<string, string[]> = {}
  const lines: string[] = []
  const add = (name: string, value: string) => {
    const space = random.pick([' ', ' ', '', '\t ', '   '])
    // Node's parser does not know a coding with a tab behind it.
    const after = name === 'transfer-encoding' ? '' : random.pick(['', '', ' ', '\t'])
    lines.push(`${random.chance(0.5) ? name : name.toUpperCase()}:${space}${value}${after}\r\n`)
    ;(headers[name] ??= []).push(value)
  }
  const some = () => {
    for (let i = random.below(4); i > 0; i--) add(random.pick(NAMES), randomValue(random))
  }
  some()
  const says = random.chance(0.2)
  if (says) add('connection', minor === 1 ? 'close' : 'keep-alive')
  if (kind === 'length') add('content-length', `${body.length}`)
  if (kind === 'chunked') add('transfer-encoding', random.pick(['chunked', 'Chunked', 'CHUNKED']))
  some()
  const early = random.chance(0.1) ? random.pick(['100 Continue\r\n\r\n', '103 Early Hints\r\nlink: </x>\r\n\r\n']) : ''
  const reason = random.pick([' OK', ' ', ' Some Reason', ' caf\xe9'])
  const head = `${early && `HTTP/1.1 ${early}`}HTTP/1.${minor} ${status}${reason}\r\n${lines.join('')}\r\n`
  const closes = kind === 'close' && !empty
  return {
    name: head,
    bytes: bytes(head, ...(kind === 'chunked' && !empty ? randomChunks(body, random) : [body])),
    method,
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, all]) => [name, all.length > 1 ? all : all[0]!])),
    body,
    closes,
    clean: !closes && (minor === 1 ? !says : says),
  }
}

const NAMES = ['x-a', 'x-b', 'x-request-id', 'content-type', 'set-cookie', 'server']

function randomValue(random: Random): string {
  return random.pick([
    '',
    'a',
    'a, b',
    'text/event-stream; charset=utf-8',
    'caf\xe9 \xff',
    'a:b',
    '"q \\" "',
    'x'.repeat(200),
  ])
}

function randomChunks(body: Buffer, random: Random): (string | Uint8Array)[] {
  const parts: (string | Uint8Array)[] = []
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, random.pick([1, 2, 15, 16, 200, 4096]))
    const hex = size.toString(16).padStart(random.pick([1, 1, 4]), '0')
    parts.push(random.chance(0.5) ? hex : hex.toUpperCase(), random.pick(['', '', ';a', ';a=b', ';a="b c"']), '\r\n')
    parts.push(body.subarray(at, at + size), '\r\n')
    at += size
  }
  return [
    ...parts,
    random.pick(['0', '0', '000']),
    '\r\n',
    random.pick(['', '', 'x-trailer: 1\r\n', 'a: b\r\nc: d\r\n']),
    '\r\n',
  ]
}

/** As many of them as wanted, the same in every run. */
export function randomSamples(count: number, seed: number): Sample[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () => randomSample(random))
}
