import { GatewayError } from '../../src/index.ts'
import type { PlainRequest } from '../../src/index.ts'
import { brokenBody, streamEvents } from './body-streams.ts'
import { answerChat } from './chat.ts'
import { answerCompletions } from './completions.ts'
import { answerEmbeddings } from './embeddings.ts'
import type { MockAnswer } from './events.ts'
import { errorResponse, failureOf } from './failures.ts'
import { answerImages } from './images.ts'
import { listModels, readModel } from './models.ts'
import { answerModerations } from './moderations.ts'
import { readRequest } from './request.ts'
import type { MockRequest } from './request.ts'
import { sleep, untilAborted } from './sleep.ts'
import { shortTone } from './wav.ts'

/** How fast the mock is. */
export interface Speed {
  /** Tokens per second; 0: all at once. */
  readonly pace: number
  /** Milliseconds to the first token. */
  readonly latency: number
}

const SLOWER = 10
/** The role and two tokens. */
const EVENTS_BEFORE_BREAK = 3

const ANSWERS = new Map<string, (request: MockRequest) => MockAnswer>([
  ['/chat/completions', answerChat],
  ['/completions', answerCompletions],
  ['/embeddings', answerEmbeddings],
  ['/images/generations', answerImages],
  ['/moderations', answerModerations],
])

/** Answers a request as OpenAI's API would. Rejects with the signal's reason when it aborts. */
export async function respond(upstream: PlainRequest, signal: AbortSignal, speed: Speed): Promise<Response> {
  signal.throwIfAborted()
  let id = 'unknown'
  try {
    const request = await readRequest(upstream)
    id = request.id
    if (request.behaviour.name === 'timeout') return await untilAborted(signal)
    const pace = speedOf(request, speed)
    const answer = failureOf(request) ?? answerOf(request)
    const tokens = 'tokens' in answer ? answer.tokens : 0
    const wait = pace.latency + (pace.pace > 0 ? (tokens * 1000) / pace.pace : 0)
    if (wait > 0) await sleep(wait, signal)
    return answer instanceof Response ? answer : toResponse(request, answer, { pace: pace.pace, signal })
  } catch (error) {
    if (error instanceof GatewayError) return errorResponse(error, id)
    throw error
  }
}

function speedOf({ behaviour }: MockRequest, speed: Speed): Speed {
  if (behaviour.name !== 'slow') return speed
  return { pace: speed.pace / SLOWER, latency: speed.latency * SLOWER }
}

function answerOf(request: MockRequest): Response | MockAnswer {
  const { method, path } = request
  const answer = method === 'POST' ? ANSWERS.get(path) : undefined
  if (answer) return answer(request)
  if (method === 'POST' && path === '/audio/speech') {
    return new Response(shortTone(), { headers: headersOf(request, 'audio/wav') })
  }
  if (method === 'GET' && path === '/models') return { json: listModels(), tokens: 0 }
  if (method === 'GET' && path.startsWith('/models/')) {
    return { json: readModel(path.slice('/models/'.length)), tokens: 0 }
  }
  throw new GatewayError(404, `Unknown request URL: ${method} ${path}.`, { code: 'unknown_url' })
}

function toResponse(request: MockRequest, answer: MockAnswer, speed: { pace: number; signal: AbortSignal }): Response {
  const breaks = request.behaviour.name === 'error-midstream'
  if ('events' in answer) {
    const body = streamEvents(answer.events, { ...speed, breakAfter: breaks ? EVENTS_BEFORE_BREAK : Infinity })
    return new Response(body, {
      headers: { ...headersOf(request, 'text/event-stream; charset=utf-8'), 'cache-control': 'no-cache' },
    })
  }
  const text = JSON.stringify(answer.json)
  return new Response(breaks ? brokenBody(text) : text, { headers: headersOf(request, 'application/json') })
}

function headersOf({ id }: MockRequest, type: string): Record<string, string> {
  return { 'content-type': type, 'x-request-id': `req_${id}` }
}
