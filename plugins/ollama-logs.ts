import { definePlugin, z } from '../src/index.ts'
import type { LogRecord } from '../src/index.ts'

const MAX_SIZE = 100_000

/** What is always there of a log record. */
const recordSchema = z
  .looseObject({
    id: z.string().describe('The call id.'),
    at: z.number().describe('Milliseconds since the epoch.'),
    path: z.string(),
    model: z.string().describe('As the client named it.'),
    stream: z.boolean(),
    status: z.int(),
    aborted: z.boolean(),
    ms: z.number(),
    attempts: z.array(z.looseObject({ target: z.string(), status: z.int(), ms: z.number() })),
  })
  .meta({ id: 'LogRecord' })

/** Keeps the last calls that Ollama answered, for a look at what a local model has been doing. */
export default definePlugin({
  name: 'ollama-logs',
  description: 'Keeps the recent log records of Ollama deployments, read at /ollama_logs',
  options: z.object({
    size: z.int().min(1).max(MAX_SIZE).default(1000).describe('Records kept, in memory. The oldest make room.'),
  }),
  setup({ size }, gateway) {
    // A ring: `next` is where the coming record goes, which is also where the oldest one is once the ring is full.
    const ring: LogRecord[] = []
    let next = 0

    gateway.route({
      method: 'GET',
      path: '/ollama_logs',
      access: 'admin',
      tags: ['Logs'],
      summary: 'The recent calls of Ollama deployments, newest first',
      query: z.object({
        limit: z.coerce.number().int().min(1).max(MAX_SIZE).optional().describe('Records at most. Default 100.'),
        model: z.string().optional().describe('Only this model, by its public name or by the name that Ollama knows.'),
      }),
      response: z.object({ object: z.literal('list'), data: z.array(recordSchema) }),
      handler({ query }) {
        const { model } = query
        const newestFirst = [...ring.slice(next), ...ring.slice(0, next)].reverse()
        const found = model === undefined ? newestFirst : newestFirst.filter((record) => isAbout(record, model))
        return { object: 'list', data: found.slice(0, Number(query['limit'] ?? 100)) }
      },
    })

    return {
      log(record) {
        if (record.provider !== 'ollama' || record.cacheHit) return
        ring[next] = record
        next = (next + 1) % size
      },
    }
  },
})

function isAbout(record: LogRecord, model: string): boolean {
  return record.model === model || record.group === model || record.upstreamModel === model
}
