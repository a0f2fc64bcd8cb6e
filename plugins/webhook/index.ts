import { definePlugin, z } from '../../src/index.ts'
import { toPayload } from './payload.ts'
import { createSender } from './sender.ts'

const address = z.url({ protocol: /^https?$/ })

/** Tells other systems what happened: budgets that are nearly or wholly spent, and whatever plugins raise. */
export default definePlugin({
  name: 'webhook',
  description: 'Posts events, such as a budget that is nearly spent, as JSON to your addresses',
  default: false,
  options: z.object({
    urls: z
      .union([address.transform((url) => [url]), z.array(address).min(1)])
      .describe('Where events are posted: an address, or a list of them.'),
    secret: z
      .string()
      .min(8)
      .optional()
      .describe(
        'Signs each event: `x-ungate-signature: sha256=…`, HMAC-SHA256 in hex over `x-ungate-timestamp`, a dot and the body.',
      ),
    events: z.array(z.string()).optional().describe('Types of events to post. Default: all.'),
    timeout: z.number().positive().max(600).default(10).describe('Seconds that a receiver may take.'),
    retries: z
      .int()
      .min(0)
      .max(20)
      .default(5)
      .describe('Further attempts where a receiver is away or answers 408, 425, 429 or 5xx.'),
    minDelay: z.number().min(0).max(300).default(1).describe('Seconds before the first retry; doubled for each next.'),
    queue: z.int().positive().default(1000).describe('Events that wait per address at most; then the oldest go.'),
  }),
  env: { urls: 'WEBHOOK_URL' },
  setup({ urls, events, secret, ...options }) {
    const senders = urls.map((url) => createSender(url, { ...options, secret }))
    return {
      event(event) {
        if (events && !events.includes(event.type)) return
        const payload = toPayload(event, crypto.randomUUID())
        for (const sender of senders) sender.send(payload)
      },
      async close() {
        await Promise.all(senders.map((sender) => sender.close()))
      },
    }
  },
})
