import { expect, test } from 'vitest'
import { readDatas, sumStream } from './sse-reader.ts'
import { aroundMarker } from './provider-fixtures.ts'
import type { AnswerFixture, ProviderSuite, SentRequest } from './provider-fixtures.ts'
import { sendJson, sendStream, withBench, wantsStream } from './provider-bench.ts'
import type { Bench } from './provider-bench.ts'
import type { Received } from './fake-upstream.ts'
import { until } from './gateway-under-test.ts'

type Json = Record<string, unknown>

/** Rows 1, 2, 5, 6, 7 and 8: what is asked and what is answered. */
export function testAnswers(suite: ProviderSuite): void {
  const { main, tools } = suite

  test('1 a text call becomes a chat completion', () =>
    withBench(suite, {}, async (bench) => {
      const response = await bench.post(bench.body())
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
      checkCompletion((await response.json()) as Json, main)
      await until('the log record', () => bench.records.length === 1)
      expect(bench.records[0]).toMatchObject({
        status: 200,
        aborted: false,
        provider: suite.definition.name,
        upstreamModel: suite.model,
        usage: { input: main.expect.usage.prompt_tokens, output: main.expect.usage.completion_tokens },
      })
    }))

  test.each(suite.finishes ?? [])('1 finish reason: $name', ({ answer, finish }) =>
    withBench(suite, {}, async (bench) => {
      bench.handler = (_request, response) => sendJson(response, answer)
      const body = (await (await bench.post(bench.body())).json()) as { choices: { finish_reason: string }[] }
      expect(body.choices[0]!.finish_reason).toBe(finish)
    }),
  )

  test('2 the request is sent as expected, the model is replaced', () =>
    withBench(suite, {}, async (bench) => {
      await (await bench.post(bench.body())).text()
      expect(sentOf(bench.upstream.requests[0]!)).toEqual({ method: 'POST', ...main.sent })
      await (await bench.post(bench.body({ stream: true }))).text()
      expect(sentOf(bench.upstream.requests[1]!)).toEqual({ method: 'POST', ...main.sent, ...main.sentStream })
    }))

  if (suite.sameWire) {
    test('2 unknown fields, key order and spelling of numbers go through', () =>
      withBench(suite, {}, async (bench) => {
        const head = '{ "x_next_month": {"b":1.0,"a":[1e2]},\n  "model" :  '
        const messages = JSON.stringify(main.request.messages)
        await (await bench.post(`${head}"under-test" , "messages": ${messages}, "top_p" : 1 }`)).text()
        expect(bench.upstream.requests[0]!.body).toBe(
          `${head}${JSON.stringify(suite.model)} , "messages": ${messages}, "top_p" : 1 }`,
        )
      }))

    test('5 the same wire: the bytes of the answer are the upstream’s', () =>
      withBench(suite, {}, async (bench) => {
        const odd = ` ${JSON.stringify(main.answer, null, 3).replaceAll('"id"', '"\\u0069d"')}\r\n\t`
        bench.handler = (_request, response) => sendJson(response, odd)
        expect(await (await bench.post(bench.body())).text()).toBe(odd)
      }))

    test('5 the same wire: the bytes of a stream are the upstream’s', () =>
      withBench(suite, {}, async (bench) => {
        const odd = `: a comment\n\n${main.stream.replaceAll('data: ', 'data:').replace('[DONE]', ' [DONE]')}`
        bench.handler = (_request, response) => sendStream(suite, response, odd)
        const asked = bench.body({ stream: true, stream_options: { include_usage: true } })
        expect(await (await bench.post(asked)).text()).toBe(odd)
      }))
  }

  test('6 usage is streamed only if asked for, and known to the gateway either way', () =>
    withBench(suite, {}, async (bench) => {
      const silent = await (await bench.post(bench.body({ stream: true }))).text()
      const asked = await (
        await bench.post(bench.body({ stream: true, stream_options: { include_usage: true } }))
      ).text()
      const usageOnly = (text: string) =>
        readDatas(text).filter(
          (data) => data !== '[DONE]' && (JSON.parse(data) as { choices?: [] }).choices?.length === 0,
        )
      expect(usageOnly(silent)).toEqual([])
      expect(sumStream(asked).usage).toMatchObject(main.expect.usage)
      if (suite.usageEvent !== false) expect(usageOnly(asked)).toHaveLength(1)
      await until('both log records', () => bench.records.length === 2)
      const usage = { input: main.expect.usage.prompt_tokens, output: main.expect.usage.completion_tokens }
      for (const record of bench.records) expect(record.usage).toMatchObject(usage)
    }))

  test.each(suite.answers ?? [])('8 $name, whole and streamed', (fixture) =>
    withBench(suite, {}, (bench) => checkBoth(suite, bench, fixture, fixture.ask ?? {})),
  )

  test('7 tools: one call', () =>
    withBench(suite, {}, async (bench) => {
      await checkBoth(suite, bench, tools.one, tools.ask)
      for (const request of bench.upstream.requests) expect(JSON.parse(request.body)).toMatchObject(tools.sent)
    }))

  test('7 tools: parallel calls, their arguments in pieces', () =>
    withBench(suite, {}, (bench) => checkBoth(suite, bench, tools.parallel, tools.ask)))

  test('7 tools: results go back', () =>
    withBench(suite, {}, async (bench) => {
      const response = await bench.post(bench.body({ ...tools.ask, messages: tools.result.messages }))
      expect(await response.json()).toHaveProperty('choices')
      const sent = JSON.parse(bench.upstream.requests[0]!.body) as Json
      for (const [key, value] of Object.entries(tools.result.sent)) expect(sent[key]).toEqual(value)
    }))

  test.each(suite.features)('8 carried: $name', ({ ask, sent }) =>
    withBench(suite, {}, async (bench) => {
      const response = await bench.post(bench.body(ask))
      expect(response.status, await response.text()).toBe(200)
      const got = JSON.parse(bench.upstream.requests[0]!.body) as Json
      expect(Object.fromEntries(Object.keys(sent).map((key) => [key, got[key]]))).toEqual(sent)
    }),
  )

  test.each(suite.unsupported)('8 not carried: $param is refused, or dropped when asked', ({ ask, param }) =>
    withBench(suite, {}, async (bench) => {
      for (const stream of [false, true]) {
        const refused = await bench.post(bench.body({ ...ask, stream }))
        expect(refused.status).toBe(400)
        const { error } = (await refused.json()) as { error: Json }
        expect(error).toMatchObject({ type: 'invalid_request_error', code: 'unsupported_parameter', param })
        expect(error['message']).toContain(param)
      }
      expect(bench.upstream.requests).toEqual([])

      const dropped = await bench.post(bench.body({ ...ask, drop_params: true }))
      expect(dropped.status, await dropped.text()).toBe(200)
      expect(dropped.headers.get('x-ungate-dropped-params')?.split(', ')).toContain(param)
      expect(JSON.parse(bench.upstream.requests[0]!.body)).not.toHaveProperty('drop_params')
    }),
  )

  test('15 calls at once do not mix', () =>
    withBench(suite, {}, async (bench) => {
      const names = Array.from({ length: 8 }, (_, i) => `token-${i}-of-many`)
      const waiting: (() => void)[] = []
      bench.handler = (request, response) => {
        waiting.push(() => answerWithToken(suite, request, response))
        // All are there before the first is answered, and the last is answered first.
        if (waiting.length === names.length) for (const answer of waiting.reverse()) answer()
      }
      const texts = names.map(async (name, i) => {
        const stream = i % 2 === 0
        const response = await bench.post(bench.body({ stream, messages: [{ role: 'user', content: name }] }))
        const text = await response.text()
        return stream ? sumStream(text).text : textOf(JSON.parse(text) as Json)
      })
      expect(await Promise.all(texts)).toEqual(names.map((name) => main.expect.text!.replace(suite.marker, name)))
    }))
}

/** A chat completion by OpenAI's definition, and what it says. */
export function checkCompletion(body: Json, { expect: wanted }: AnswerFixture): void {
  expect(body).toMatchObject({
    object: 'chat.completion',
    id: expect.stringMatching(/./),
    model: expect.stringMatching(/./),
  })
  expect(Number.isInteger(body['created'])).toBe(true)
  const { choices, usage } = body as { choices: Json[]; usage: Json }
  expect(choices).toHaveLength(1)
  const { index, message, finish_reason } = choices[0] as { index: number; message: Json; finish_reason: string }
  expect({ index, role: message['role'], finish_reason }).toEqual({
    index: 0,
    role: 'assistant',
    finish_reason: wanted.finish,
  })
  expect(message['content'] ?? undefined).toBe(wanted.text)
  expect(message['reasoning_content'] || undefined).toBe(wanted.reasoning)
  checkCalls(toCalls(message['tool_calls']), wanted.calls)
  expect(usage).toMatchObject(wanted.usage)
  for (const key of ['prompt_tokens', 'completion_tokens', 'total_tokens'])
    expect(Number.isInteger(usage[key])).toBe(true)
  expect(usage['total_tokens']).toBe(wanted.usage.prompt_tokens + wanted.usage.completion_tokens)
}

/** What a whole stream must be, whatever it says. */
export function checkStream(text: string, { expect: wanted }: AnswerFixture): void {
  const sum = sumStream(text)
  expect(sum.error).toBeUndefined()
  expect(sum.done).toBe(true)
  expect(sum.ids).toHaveLength(1)
  expect(sum.role).toBe('assistant')
  expect(sum.finishes).toEqual([wanted.finish])
  expect(sum.text || undefined).toBe(wanted.text || undefined)
  expect(sum.reasoning || undefined).toBe(wanted.reasoning)
  checkCalls(sum.calls, wanted.calls)
  const first = JSON.parse(readDatas(text)[0]!) as { choices: { delta: Json }[]; object: string }
  expect(first.object).toBe('chat.completion.chunk')
  expect(first.choices[0]!.delta['role']).toBe('assistant')
}

function checkCalls(
  calls: { id: string; name: string; arguments: string }[],
  wanted: AnswerFixture['expect']['calls'] = [],
): void {
  expect(calls.map(({ name, arguments: text }) => ({ name, arguments: JSON.parse(text) as unknown }))).toEqual(wanted)
  const ids = calls.map(({ id }) => id)
  expect(new Set(ids).size, 'every call has an id of its own').toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/./)
}

async function checkBoth(suite: ProviderSuite, bench: Bench, fixture: AnswerFixture, ask: Json): Promise<void> {
  bench.handler = (request, response) =>
    wantsStream(request) ? sendStream(suite, response, fixture.stream) : sendJson(response, fixture.answer)
  const whole = await bench.post(bench.body(ask))
  expect(whole.status, await whole.clone().text()).toBe(200)
  checkCompletion((await whole.json()) as Json, fixture)
  const streamed = await bench.post(bench.body({ ...ask, stream: true }))
  expect(streamed.status).toBe(200)
  checkStream(await streamed.text(), fixture)
}

/** The headers of a connection are the transport's business. */
const OF_CONNECTION = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding'])

function sentOf(request: Received): Required<SentRequest> {
  const headers = Object.entries(request.headers).filter(([name]) => !OF_CONNECTION.has(name))
  return {
    method: request.method,
    path: request.path,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: JSON.parse(request.body) as unknown,
  }
}

function answerWithToken(suite: ProviderSuite, request: Received, response: Parameters<typeof sendJson>[0]): void {
  const token = /token-\d-of-many/.exec(request.body)![0]
  if (!wantsStream(request)) {
    sendJson(response, JSON.stringify(suite.main.answer).replace(suite.marker, token))
    return
  }
  const [before, event, after] = aroundMarker(suite)
  sendStream(suite, response, before + event.replace(suite.marker, token) + after)
}

function textOf(body: Json): unknown {
  return (body as { choices: { message: { content: unknown } }[] }).choices[0]!.message.content
}

function toCalls(value: unknown): { id: string; name: string; arguments: string }[] {
  const calls = (value ?? []) as { id: string; type: string; function: { name: string; arguments: string } }[]
  for (const { type } of calls) expect(type).toBe('function')
  return calls.map(({ id, function: { name, arguments: text } }) => ({ id, name, arguments: text }))
}
