import { fieldsNotBuilt } from './gateway-fields.ts'
import type { Call, Usage } from './types/call.ts'
import type { Answer } from './types/lifecycle.ts'
import type { PriceTable } from './types/prices.ts'
import type { Endpoint, Target, Translation, UpstreamRequest } from './types/provider.ts'
import type { CallContext } from './context.ts'
import type { Transport } from './transport/types.ts'
import { createFetchTransport } from './transport/fetch.ts'
import { createExchange } from './exchange.ts'
import { GatewayError, invalidRequest, notConfigured } from './error.ts'
import { prepareCall } from './prepare-call.ts'
import { dropRequestPrices, streamCost } from './prices/call-cost.ts'
import { createTranslation } from './translation.ts'
import { ofPrompt, toChatCall } from './wires/completions.ts'

export interface UpstreamOptions {
  transport: Transport
  /** Seconds for a whole call when neither the call nor the deployment says. */
  timeout: number
  dropParams: boolean
  heartbeat: number
  prices: PriceTable
}

/** How one call reaches one target: which endpoint, over which bridge. */
export interface Plan {
  readonly call: Call
  readonly endpoint: Endpoint
  /** The client speaks completions, the provider only chat. */
  readonly bridged: boolean
  /** Seconds of silence after which a stream gets a comment; 0 never. */
  readonly heartbeat: number
  /** What the usage chunk is to say of the cost, in USD. */
  readonly costOf: ((usage: Usage) => number | undefined) | undefined
  /** Milliseconds. */
  readonly timeout: { total: number; headers: number; idle: number }
}

/** Calls one target. Resolves with the whole answer, or at the first byte of a stream; throws a GatewayError. */
export function callUpstream(ctx: CallContext, target: Target, options: UpstreamOptions): Promise<Answer> {
  try {
    // The header speaks of the request that was answered: what an attempt before this one dropped, this one may carry.
    if (ctx.dropped.length > 0) ctx.dropped.splice(0, ctx.dropped.length, ...fieldsNotBuilt(ctx.stripped))
    const translation = createTranslation(ctx, target, options.dropParams)
    const plan = planCall(ctx, translation, options)
    const transport = target.provider.respond ? inProcess(target) : options.transport
    const send = (encoded: UpstreamRequest) => {
      const { headers } = target.deployment
      return createExchange({
        ctx,
        target,
        plan,
        request: headers ? withHeaders(encoded, headers) : encoded,
        transport,
      })
    }
    const encoded = plan.endpoint.encode(plan.call, translation)
    return isPromise(encoded) ? Promise.resolve(encoded).then(send) : send(encoded)
  } catch (error) {
    return Promise.reject(ctx.call.wire === 'openai.completions' ? ofPrompt(error) : error)
  }
}

function planCall(ctx: CallContext, translation: Translation, options: UpstreamOptions): Plan {
  const { target } = translation
  const { missing, missingVariables } = target.deployment.info as { missing?: string[]; missingVariables?: string[] }
  if (missing) throw notConfigured(target.provider.name, missing, missingVariables ?? [])
  if (ctx.stripped.length > 0) dropRequestPrices(ctx)
  const { wire } = ctx.call
  const { endpoints } = target.provider
  let call = prepareCall(ctx, ctx.call, target)
  let endpoint = endpoints[wire]
  if (endpoint?.serves?.(target.model) === false) endpoint = undefined
  let bridged = false
  if (!endpoint && wire === 'openai.completions' && endpoints['openai.chat']) {
    endpoint = endpoints['openai.chat']
    call = toChatCall(call, translation)
    bridged = true
  }
  if (!endpoint && wire.startsWith('openai.')) endpoint = endpoints['openai.*']
  if (!endpoint) {
    throw new GatewayError(
      400,
      `The model \`${ctx.call.model}\` (${target.provider.name}) does not serve ${ctx.call.path}.`,
      {
        param: 'model',
        code: 'unsupported_endpoint',
        provider: target.provider.name,
      },
    )
  }
  endpoint = endpoint.variant?.(call, target) ?? endpoint
  const costOf = streamCost(ctx, target, options.prices)
  return { call, endpoint, bridged, costOf, timeout: timeouts(ctx, target, options), heartbeat: options.heartbeat }
}

/** Request header or body, then the deployment, then the config (LiteLLM's order), in milliseconds. */
function timeouts(ctx: CallContext, target: Target, options: UpstreamOptions): Plan['timeout'] {
  const { body, headers, stream } = ctx.call
  const { deployment } = target
  const total = given(headers, 'x-litellm-timeout') ?? seconds(body['timeout']) ?? deployment.timeout ?? options.timeout
  const first =
    given(headers, 'x-litellm-stream-timeout') ?? seconds(body['stream_timeout']) ?? deployment.streamTimeout
  return {
    total: toMs(total),
    headers: toMs(Math.min(stream && first !== undefined ? first : total, total)),
    idle: toMs(deployment.idleTimeout ?? total),
  }
}

/** Node's timers hold 2^31 - 1 ms (25 days) and fire at once beyond it. */
function toMs(value: number): number {
  return Math.min(value * 1000, 2 ** 31 - 1)
}

/** Seconds in a header; 0 says nothing. Throws a 400 on what is no number of them. */
function given(headers: Call['headers'], name: string): number | undefined {
  const value = headers.get(name)
  if (value === null || value === '') return undefined
  if (!(Number(value) >= 0)) {
    throw invalidRequest(`The header ${name} must be a number of seconds, 0 or more.`, name, 'invalid_header')
  }
  return seconds(value)
}

function seconds(value: unknown): number | undefined {
  if (typeof value !== 'number' && (typeof value !== 'string' || value === '')) return undefined
  const number = Number(value)
  return Number.isFinite(number) && number > 0 ? number : undefined
}

function withHeaders(request: UpstreamRequest, headers: Readonly<Record<string, string>>): UpstreamRequest {
  return { ...request, headers: { ...request.headers, ...headers } }
}

const transports = new WeakMap<object, Transport>()

function inProcess(target: Target): Transport {
  const { provider } = target
  let transport = transports.get(provider)
  if (!transport) {
    transport = createFetchTransport((request, signal) => provider.respond!(request, signal))
    transports.set(provider, transport)
  }
  return transport
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown }).then === 'function'
}
