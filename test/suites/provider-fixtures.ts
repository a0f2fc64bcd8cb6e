import type { FinishReason, ProviderDefinition } from '@ungate/gateway'

type Json = Record<string, unknown>

/** A request as the upstream must get it, to the last header. */
export interface SentRequest {
  /** Default `POST`. */
  method?: string
  /** With the query. */
  path: string
  /** All headers but those of the connection (`host`, `connection`, `content-length`, `transfer-encoding`, `accept-encoding`). */
  headers: Record<string, string>
  body: unknown
}

/** The same answer as one body and as a stream, and what a client must read from either. */
export interface AnswerFixture {
  /** The upstream's JSON. */
  answer: unknown
  /** The upstream's stream, whole, with LF line ends. */
  stream: string
  expect: {
    text?: string
    reasoning?: string
    calls?: { name: string; arguments: unknown }[]
    finish: FinishReason
    usage: { prompt_tokens: number; completion_tokens: number }
  }
}

/** A feature of the API that the provider carries: what is asked, and what of it must be in the upstream's body. */
export interface FeatureFixture {
  name: string
  /** Members added to the request. */
  ask: Json
  /** Members that the upstream's body must have, exactly. */
  sent: Json
}

export interface ErrorFixture {
  /** The upstream's error body. `{key}` stands for the API key: it must not reach the client. */
  body: string
  type: string
  code: string | null
  /** The status the client gets, where it is not the upstream's. */
  status?: number
}

/** What `testProvider` needs to know of a provider. All fixtures are in the provider's own dialect. */
export interface ProviderSuite {
  definition: ProviderDefinition
  /** The options of a deployment whose upstream is at `url`. They hold `apiKey` where the provider takes one. */
  options(url: string): Json
  /** The key among the options. At least 20 characters, so that it can be searched for. */
  apiKey: string
  /** The upstream's name of the model. */
  model: string
  /** The wire is OpenAI's: bytes pass through. */
  sameWire: boolean
  /** How streams are framed. Default `sse`. */
  framing?: 'sse' | 'ndjson'
  /** Content type of streams. Default by the framing. */
  streamType?: string
  /**
   * A word that stands in `main`'s text once, and in one event of its stream: other texts are put in its place. That
   * event must be one that can be repeated.
   */
  marker: string
  /** A plain text call. The stream holds at least one character outside ASCII. */
  main: AnswerFixture & {
    /** The call's body without `model` and `stream`. */
    request: Json & { messages: Json[] }
    sent: SentRequest
    /** How a streamed call is sent, where it differs. */
    sentStream?: Partial<SentRequest>
  }
  /** Answers that differ in how they end. */
  finishes?: { name: string; answer: unknown; finish: FinishReason }[]
  /** Reasoning, refusals, whatever the dialect can say besides. */
  answers?: (AnswerFixture & { name: string; ask?: Json })[]
  tools: {
    /** `tools` and the like, added to the request. */
    ask: Json
    /** Members the upstream's body must have for it. */
    sent: Json
    one: AnswerFixture
    /** Two calls in one answer. */
    parallel: AnswerFixture
    /** A conversation with the results of calls, and the members the upstream's body must have for it. */
    result: { messages: Json[]; sent: Json }
  }
  features: FeatureFixture[]
  /** What the dialect cannot carry: refused with 400 naming `param`, dropped with `drop_params`. */
  unsupported: { ask: Json; param: string }[]
  errors: Record<400 | 401 | 403 | 404 | 429 | 500 | 529, ErrorFixture>
  /** Events that report an error inside a 200 stream; absent where the dialect has none. */
  streamError?: { event: string; status: number; code: string | null }
  /** A client that asks for usage gets it as a chunk of its own, as OpenAI sends it. Default true. */
  usageEvent?: boolean
}

/** The events of a stream, each with its end mark. */
export function eventsOf(suite: ProviderSuite, stream: string): string[] {
  return suite.framing === 'ndjson'
    ? stream.split('\n').flatMap((line) => (line ? [`${line}\n`] : []))
    : stream.split('\n\n').flatMap((event) => (event ? [`${event}\n\n`] : []))
}

/** The stream in three: up to the marker's event, that event, and what follows. */
export function aroundMarker(
  suite: ProviderSuite,
  stream = suite.main.stream,
): [before: string, event: string, after: string] {
  const events = eventsOf(suite, stream)
  const at = events.findIndex((event) => event.includes(suite.marker))
  return [events.slice(0, at).join(''), events[at]!, events.slice(at + 1).join('')]
}

export function streamType(suite: ProviderSuite): string {
  return suite.streamType ?? (suite.framing === 'ndjson' ? 'application/x-ndjson' : 'text/event-stream')
}

/** Says what is wrong with the fixtures themselves: a suite over weak ones would pass for nothing. */
export function checkFixtures(suite: ProviderSuite): string[] {
  const problems: string[] = []
  const count = (text: string) => text.split(suite.marker).length - 1
  if (count(JSON.stringify(suite.main.answer)) !== 1) problems.push('main.answer must hold the marker once')
  if (count(suite.main.stream) !== 1) problems.push('main.stream must hold the marker once')
  if (!suite.main.expect.text?.includes(suite.marker)) problems.push('main.expect.text must hold the marker')
  // oxlint-disable-next-line no-control-regex -- ASCII is meant
  if (/^[\x00-\x7f]*$/.test(suite.main.stream)) problems.push('main.stream needs a character outside ASCII')
  if (suite.apiKey.length < 20) problems.push('apiKey must be at least 20 characters')
  if (!JSON.stringify(suite.options('http://127.0.0.1:1')).includes(suite.apiKey))
    problems.push('options must hold apiKey')
  const calls = suite.tools.parallel.expect.calls ?? []
  if (calls.length < 2) problems.push('tools.parallel must hold two calls')
  return problems
}
