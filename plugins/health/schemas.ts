import { z } from '../../src/index.ts'

const checked = z.object({
  model: z.string().describe('`provider/model`.'),
  api_base: z.string().nullable().optional(),
  model_id: z.string(),
})
const count = z.int()

export const healthSchema = z
  .object({
    healthy_endpoints: z.array(checked),
    unhealthy_endpoints: z.array(checked.extend({ error: z.string() })),
    healthy_count: count,
    unhealthy_count: count,
    unchecked_endpoints: z.array(checked.extend({ reason: z.string().describe('Why it was not called.') })),
  })
  .meta({ id: 'Health' })

export const readinessSchema = z
  .looseObject({
    status: z.enum(['healthy', 'draining']),
    db: z.string(),
    cache: z.string().nullable(),
    litellm_version: z.string().describe("The gateway's own version."),
    success_callbacks: z.array(z.string()),
    in_flight_requests: count,
  })
  .meta({ id: 'Readiness' })

export const routesSchema = z.object({
  routes: z.array(z.object({ path: z.string(), methods: z.array(z.string()), name: z.string() })),
})
