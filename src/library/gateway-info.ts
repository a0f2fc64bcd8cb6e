import type { Usage } from '../types/call.ts'
import type { Answer } from '../types/lifecycle.ts'
import type { GatewayInfo, WithGateway } from './types.ts'

/**
 * What the gateway knows of an answer. Usage and cost of a stream are read when asked for: they come with its end. A
 * class, because every call makes one: accessors on an object literal would be made anew each time, and V8 keeps them.
 */
class AnswerInfo implements GatewayInfo {
  readonly id: string
  readonly deployment: string | undefined
  readonly provider: string | undefined
  readonly group: string | undefined
  readonly cacheHit: boolean
  readonly dropped: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly #answer: Answer

  constructor(answer: Answer, id: string) {
    const { headers, target } = answer
    this.id = id
    this.deployment = target?.id ?? headers['x-litellm-model-id']
    this.provider = target?.provider.name
    this.group = target?.group
    this.cacheHit = headers['x-litellm-cache-hit'] === 'True'
    this.dropped = headers['x-ungate-dropped-params']?.split(', ') ?? []
    this.headers = headers
    this.#answer = answer
  }

  get usage(): Usage | undefined {
    return this.#answer.usage
  }

  get cost(): number | undefined {
    const { cost } = this.#answer
    return cost?.source === 'unknown' ? undefined : cost?.total
  }
}

/** The facts of one answer. */
export function createGatewayInfo(answer: Answer, id: string): GatewayInfo {
  return new AnswerInfo(answer, id)
}

/** Attaches the gateway's facts where neither `JSON.stringify` nor a loop over the fields sees them. */
export function withGateway<T extends object>(value: T, gateway: GatewayInfo): WithGateway<T> {
  return Object.defineProperty(value, 'gateway', { value: gateway }) as WithGateway<T>
}
