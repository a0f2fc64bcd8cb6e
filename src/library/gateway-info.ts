import type { Answer } from '../types/lifecycle.ts'
import type { GatewayInfo, WithGateway } from './types.ts'

/** What the gateway knows of an answer. Usage and cost of a stream are read when asked for: they come with its end. */
export function createGatewayInfo(answer: Answer, id: string, body: Readonly<Record<string, unknown>>): GatewayInfo {
  const { headers, target } = answer
  const cacheHit = headers['x-litellm-cache-hit'] === 'True'
  return {
    id,
    deployment: target?.id ?? headers['x-litellm-model-id'],
    provider: target?.provider.name,
    group: target?.group,
    cacheHit,
    dropped: headers['x-ungate-dropped-params']?.split(', ') ?? [],
    headers,
    get usage() {
      return answer.usage
    },
    get cost() {
      return cacheHit ? 0 : costOf(answer, body)
    },
  }
}

/** Attaches the gateway's facts where neither `JSON.stringify` nor a loop over the fields sees them. */
export function withGateway<T extends object>(value: T, gateway: GatewayInfo): WithGateway<T> {
  return Object.defineProperty(value, 'gateway', { value: gateway }) as WithGateway<T>
}

/** Nano-dollars: what the gateway said, or the call's own prices, or the deployment's. */
function costOf({ headers, usage, target }: Answer, body: Readonly<Record<string, unknown>>): number | undefined {
  const said = headers['x-litellm-response-cost']
  if (said !== undefined && Number.isFinite(Number(said))) return Math.round(Number(said) * 1e9)
  const prices = target?.deployment.prices
  const input = price(body['input_cost_per_token'] ?? prices?.['input_cost_per_token'])
  const output = price(body['output_cost_per_token'] ?? prices?.['output_cost_per_token'])
  if (!usage || (input === undefined && output === undefined)) return undefined
  return Math.round((usage.input * (input ?? 0) + usage.output * (output ?? 0)) * 1e9)
}

function price(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
