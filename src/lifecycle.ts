import type { Answer } from './types/lifecycle.ts'
import type { Around, Gate, GatewayPlugin, Lifecycle, Recorder } from './types/plugin.ts'
import type { Target } from './types/provider.ts'
import type { CallContext } from './context.ts'
import type { Counters } from './types/counters.ts'
import { unknownModel } from './error.ts'
import { takeReservations } from './reservations.ts'

/** A plugin that has been set up. */
export interface ActivePlugin {
  readonly name: string
  readonly order: 'pre' | 'post' | undefined
  readonly plugin: GatewayPlugin
}

/** The stages as plain arrays, built once at start. */
export interface CompiledLifecycle {
  readonly auth: readonly Gate[]
  readonly limits: readonly Gate[]
  readonly route: readonly Gate[]
  /** Where reservations are taken. */
  readonly counters: Counters
  readonly attempt: (ctx: CallContext, target: Target) => Promise<Answer>
  readonly record: readonly Recorder[]
  readonly log: readonly { name: string; log: Lifecycle['log'] }[]
  readonly event: readonly { name: string; log: Lifecycle['event'] }[]
}

const RANK = { pre: 0, post: 2 }

/** Puts the plugins' stages in order: `pre`, unmarked, `post`; within each as discovered. */
export function compileLifecycle(
  plugins: readonly ActivePlugin[],
  counters: Counters,
  upstream: (ctx: CallContext, target: Target) => Promise<Answer>,
): CompiledLifecycle {
  const rank = (entry: ActivePlugin) => (entry.order ? RANK[entry.order] : 1)
  const sorted = [...plugins].sort((a, b) => rank(a) - rank(b))
  const gates = (stage: 'auth' | 'rateLimit' | 'budget' | 'route'): Gate[] =>
    sorted.flatMap(({ name, plugin }) => {
      const gate = plugin[stage]?.bind(plugin)
      if (gate) owners.set(gate, `The plugin ${name} (${stage})`)
      return gate ? [gate] : []
    })
  const arounds = sorted.flatMap(({ plugin }) => (plugin.provider ? [plugin.provider.bind(plugin)] : []))
  return {
    auth: gates('auth'),
    limits: [...gates('rateLimit'), ...gates('budget')],
    route: gates('route'),
    counters,
    attempt: compose(arounds, upstream),
    record: sorted.flatMap(({ plugin }) => (plugin.record ? [plugin.record.bind(plugin)] : [])),
    log: sorted.flatMap(({ name, plugin }) => (plugin.log ? [{ name, log: plugin.log.bind(plugin) }] : [])),
    event: sorted.flatMap(({ name, plugin }) => (plugin.event ? [{ name, log: plugin.event.bind(plugin) }] : [])),
  }
}

/** Runs a call: the gates one after the other, then the provider stage. `skip` leaves out what is already decided. */
export async function runLifecycle(
  lifecycle: CompiledLifecycle,
  ctx: CallContext,
  skip: { auth?: boolean; route?: boolean } = {},
): Promise<Answer> {
  const early =
    (skip.auth ? undefined : await runGates(lifecycle.auth, ctx)) ??
    (await runLimits(lifecycle, ctx)) ??
    (skip.route ? undefined : await runGates(lifecycle.route, ctx))
  if (early) return early
  const first = ctx.targets[0]
  if (!first) throw unknownModel(ctx.call.model)
  ctx.queueMs = performance.now() - ctx.startedMs
  return lifecycle.attempt(ctx, first)
}

/** The gates of `rateLimit` and `budget`, then one step that takes all they want to reserve. */
async function runLimits(lifecycle: CompiledLifecycle, ctx: CallContext): Promise<Answer | undefined> {
  const early = await runGates(lifecycle.limits, ctx)
  const reservations = early ? undefined : ctx.takeReservations()
  if (reservations) {
    const taken = takeReservations(lifecycle.counters, reservations)
    if (isPromise(taken)) await taken
  }
  return early
}

/** Runs the gates of one stage; only a promise costs a tick. */
export async function runGates(gates: readonly Gate[], ctx: CallContext): Promise<Answer | undefined> {
  for (const gate of gates) {
    const result = gate(ctx)
    const answer = isPromise(result) ? await result : result
    if (answer) return isAnswer(answer) ? answer : refuseAnswer(gate, answer)
  }
  return undefined
}

/** Which plugin's stage a gate is. */
const owners = new WeakMap<Gate, string>()

/** Whether a client can be answered with it. `return true`, meant as a yes, would be an empty 200. */
function isAnswer(value: Answer): boolean {
  const { status, body } = value as Partial<Answer>
  if (!Number.isInteger(status)) return false
  return typeof body === 'string' || (typeof body === 'object' && body !== null && !isPlain(body))
}

function isPlain(body: object): boolean {
  return Array.isArray(body) || Object.getPrototypeOf(body) === Object.prototype
}

function refuseAnswer(gate: Gate, value: unknown): never {
  const what =
    typeof value === 'object' ? 'an object that is no answer (status, headers, body as text or bytes)' : `${value}`
  throw new Error(
    `${owners.get(gate)} returned ${what}. A gate returns nothing to go on, an Answer to stop, or throws.`,
  )
}

function compose(
  arounds: readonly Around[],
  upstream: (ctx: CallContext, target: Target) => Promise<Answer>,
): (ctx: CallContext, target: Target) => Promise<Answer> {
  return arounds.reduceRight<(ctx: CallContext, target: Target) => Promise<Answer>>(
    (next, around) => (ctx, target) => around(ctx, target, (other) => next(ctx, other)),
    upstream,
  )
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}
