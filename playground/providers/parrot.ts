import { defineProvider, z } from '@ungate/gateway'

export default defineProvider({
  name: 'parrot',
  options: z.object({ prefix: z.string().default('Squawk!') }),
  setup: ({ prefix }) => ({
    endpoints: {
      'openai.chat': { encode: (call) => ({ url: 'parrot:', headers: {}, body: JSON.stringify(call.body) }) },
    },
    respond({ body }) {
      const said = JSON.parse(body as string).messages.at(-1).content
      const message = { role: 'assistant', content: `${prefix} ${said}` }
      return Response.json({
        id: 'parrot-1',
        object: 'chat.completion',
        created: 0,
        model: 'green',
        choices: [{ index: 0, message, finish_reason: 'stop' }],
      })
    },
  }),
})
