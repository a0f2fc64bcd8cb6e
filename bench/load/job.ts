/** What the load generator is asked to do; it reads this from its standard input. */
export interface Job {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Answers with another status or fewer body bytes are failures. */
  readonly minBytes: number
  /** `closed`: each connection sends its next request when its answer has ended. `open`: requests leave at a fixed rate. */
  readonly mode: 'closed' | 'open'
  /** Connections of a closed loop. */
  readonly connections?: number
  /** Requests per second of an open loop. */
  readonly rate?: number
  /** Milliseconds over which a closed loop's connections start. Default 0. */
  readonly rampMs?: number
  /** Seconds before measuring begins, and of measuring. */
  readonly warmup: number
  readonly seconds: number
  /** Processes whose CPU time and memory are read while measuring. */
  readonly pids: readonly number[]
}

/** What it saw while measuring; times in milliseconds. */
export interface JobResult {
  /** Whole answers. */
  readonly calls: number
  readonly failures: number
  readonly seconds: number
  /** Requests sent, to tell a variant that cannot keep up. */
  readonly sent: number
  /** Pieces of body that arrived: reads of the socket. */
  readonly reads: number
  /** Body bytes. */
  readonly bytes: number
  readonly p50: number
  readonly p99: number
  /** To the first byte of the body. */
  readonly ttfbP50: number
  readonly ttfbP99: number
  /** CPU seconds that `pids` used, and their resident memory at the end of measuring (MB). */
  readonly cpuSeconds: number
  readonly rssMB: number
}

/** A request as it goes over the wire. */
export function toBytes({ port, path, headers, body }: Pick<Job, 'port' | 'path' | 'headers' | 'body'>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = Buffer.byteLength(body)
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n${lines.join('')}content-length: ${length}\r\n\r\n${body}`,
  )
}
