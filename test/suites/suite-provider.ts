import { defineProvider, z } from '@ungate/gateway'

/** Prompts that make the suite's provider behave badly; any other is answered with `Hello`. */
export const PROMPTS = { fail: 'fail with 500', stall: 'stall for ever', cut: 'stall in the middle' }

const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
const head = { id: 'chatcmpl-suite', created: 1_760_000_000, model: 'suite-model' }

/** A provider that answers in process, so that plugins are tried without any other. */
export const suiteProvider = defineProvider({
  name: 'suite-provider',
  options: z.object({}),
  setup: () => ({
    endpoints: {
      'openai.chat': {
        encode: (call) => ({ url: 'suite://local/chat', headers: {}, body: JSON.stringify(call.body) }),
      },
    },
    respond(request, signal) {
      const body = JSON.parse(request.body as string) as { stream?: boolean; messages: { content: string }[] }
      const prompt = body.messages.at(-1)!.content
      if (prompt === PROMPTS.fail) {
        return json({ error: { message: 'It failed.', type: 'server_error', param: null, code: null } }, 500)
      }
      if (prompt === PROMPTS.stall) return untilAborted(signal)
      if (body.stream === true) return stream(prompt === PROMPTS.cut)
      const message = { role: 'assistant', content: 'Hello' }
      return json({
        ...head,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage,
      })
    },
  }),
})

function stream(stalls: boolean): Response {
  const chunk = (choices: unknown[], more = {}) =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`
  const first = chunk([{ index: 0, delta: { role: 'assistant', content: 'Hel' }, finish_reason: null }])
  const rest =
    chunk([{ index: 0, delta: { content: 'lo' }, finish_reason: null }]) +
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]) +
    `${chunk([], { usage })}data: [DONE]\n\n`
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(first))
      if (stalls) return
      controller.enqueue(encoder.encode(rest))
      controller.close()
    },
  })
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
}

function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } })
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
