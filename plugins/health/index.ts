import { definePlugin, endpointPaths, endpointRoutes, matchesAny, unknownModel, z } from '../../src/index.ts'
import type { Deployment, GatewayContext, Principal, RouteDefinition, Target } from '../../src/index.ts'
import { healthSchema, readinessSchema, routesSchema } from './schemas.ts'
import { checkDeployment, whyUnchecked } from './probe.ts'
import type { Checked } from './probe.ts'

const TAGS = ['Health']
const CONCURRENCY = 4

/** Whether the process lives, whether it wants traffic, and whether its models answer. */
export default definePlugin({
  name: 'health',
  description: 'Liveness, readiness, and real calls to every deployment on request',
  options: z.object({
    timeout: z.number().positive().default(10).describe('Seconds that a deployment has to answer a check.'),
  }),
  setup(options, gateway) {
    const running = new Map<Deployment, Promise<Checked>>()

    /** Callers that ask at the same time share one call: it costs money. */
    const check = (target: Target): Promise<Checked> => {
      const { deployment } = target
      const current = running.get(deployment)
      if (current) return current
      const started = checkDeployment(gateway, target, options.timeout).finally(() => running.delete(deployment))
      running.set(deployment, started)
      return started
    }

    gateway.route({
      method: 'GET',
      path: '/health',
      access: 'key',
      tags: TAGS,
      summary: 'Call every deployment once and say which ones answer',
      query: z.object({
        model: z.string().optional().describe('Only the deployments of this model.'),
        model_id: z.string().optional().describe('Only the deployment with this id.'),
      }),
      response: healthSchema,
      async handler({ principal, query }) {
        const chosen = choose(gateway, principal, query)
        const targets: Target[] = []
        const unchecked: { model: string; model_id: string; reason: string }[] = []
        for (const deployment of chosen) {
          const target = targetOf(gateway, deployment)
          const reason = target ? whyUnchecked(deployment) : 'no name leads to it'
          if (target && reason === undefined) targets.push(target)
          else unchecked.push({ model: upstreamName(deployment), model_id: deployment.id, reason: reason! })
        }
        const results = await inParallel(targets, check)
        const healthy = results.filter(({ error }) => error === undefined)
        const unhealthy = results.filter(({ error }) => error !== undefined)
        return {
          healthy_endpoints: healthy,
          unhealthy_endpoints: unhealthy,
          healthy_count: healthy.length,
          unhealthy_count: unhealthy.length,
          unchecked_endpoints: unchecked,
        }
      },
    })

    gateway.route({
      method: 'GET',
      path: ['/health/liveliness', '/health/liveness'],
      access: 'public',
      tags: TAGS,
      summary: 'The process is alive',
      response: z.string(),
      handler: () => "I'm alive!",
    })

    gateway.route({
      method: 'GET',
      path: '/health/readiness',
      access: 'public',
      tags: TAGS,
      summary: 'Ready for traffic; 503 while the process is going down',
      response: readinessSchema,
      statuses: [503],
      handler() {
        const draining = gateway.draining()
        const on = gateway.plugins.filter(({ enabled }) => enabled)
        const body = {
          status: draining ? 'draining' : 'healthy',
          db: 'Not connected',
          ...Object.fromEntries([...gateway.conditions].map(([name, say]) => [name, say()])),
          cache: on.some(({ name }) => name === 'cache') ? 'cache' : null,
          litellm_version: gateway.version,
          success_callbacks: on.filter(({ stages }) => stages.includes('log')).map(({ name }) => name),
          in_flight_requests: gateway.inFlight(),
          // Not 503: a balancer that takes overloaded nodes out gives their load to those that are not yet.
          overloaded: gateway.overloaded(),
        }
        return Response.json(body, { status: draining ? 503 : 200, headers: { 'cache-control': 'no-store' } })
      },
    })

    gateway.route({
      method: 'GET',
      path: '/health/backlog',
      access: 'key',
      tags: TAGS,
      summary: 'How many calls are in progress, and how many were refused because the process could not carry more',
      response: z.object({ in_flight_requests: z.int(), refused_requests: z.int() }),
      handler: () => ({ in_flight_requests: gateway.inFlight(), refused_requests: gateway.refused() }),
    })

    gateway.route({
      method: 'GET',
      path: '/test',
      access: 'public',
      tags: TAGS,
      summary: 'Answers with its own path',
      response: z.object({ route: z.string() }),
      handler: ({ url }) => ({ route: url.pathname }),
    })

    gateway.route({
      method: 'GET',
      path: '/routes',
      access: 'public',
      tags: TAGS,
      summary: 'Every path that is served',
      response: routesSchema,
      handler: () => ({ routes: listRoutes(gateway) }),
    })
  },
})

/** The deployments a caller may use, narrowed by the query. Throws a 404 where the query names none of them. */
function choose(
  { models }: GatewayContext,
  principal: Principal | undefined,
  { model, model_id: id }: Readonly<Record<string, string>>,
): Deployment[] {
  const allowed = principal?.models
  const named = model === undefined ? undefined : new Set(models.resolve(model).map(({ deployment }) => deployment))
  const chosen = models.deployments.filter(
    (deployment) =>
      (!allowed || matchesAny(allowed, deployment.name)) &&
      (id === undefined || deployment.id === id) &&
      (named === undefined || named.has(deployment) || upstreamName(deployment) === model),
  )
  const asked = model ?? id
  if (asked !== undefined && chosen.length === 0) throw unknownModel(asked)
  return chosen
}

/** A deployment ready to be called; an alias may hide its name, another name its id. */
function targetOf({ models }: GatewayContext, deployment: Deployment): Target | undefined {
  const candidates = [...models.resolve(deployment.id), ...models.resolve(deployment.name)]
  return candidates.find((target) => target.deployment === deployment)
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const at = next++
      results[at] = await work(items[at]!)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
  return results
}

function listRoutes({ routes }: GatewayContext): { path: string; methods: string[]; name: string }[] {
  const api = endpointRoutes.flatMap((route) =>
    endpointPaths(route).map((path) => ({ path, methods: ['POST'], name: route.summary })),
  )
  const own = routes.flatMap((route) =>
    pathsOf(route).map((path) => ({ path, methods: [route.method], name: route.summary ?? '' })),
  )
  return [...api, ...own]
}

function pathsOf({ path }: RouteDefinition): readonly string[] {
  return typeof path === 'string' ? [path] : path
}

function upstreamName({ provider, model }: Deployment): string {
  return `${provider}/${model}`
}
