import type { ScopeKind } from './governance.ts'

/** Something that people want to be told of. Raised by plugins with `gateway.emit`, received by the `event` stage. */
export interface GatewayEvent {
  /** What happened, by LiteLLM's names where it has one: `budget_crossed`, `threshold_crossed`, `soft_budget_crossed`. */
  readonly type: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** One sentence for people. Holds no prompt and no secret. */
  readonly message: string
  /** Whom it is about. */
  readonly scope?: EventScope | undefined
  readonly budget?: EventBudget | undefined
}

/** Whom an event is about. Of the call that raised it only what belongs to that scope is told. */
export interface EventScope {
  readonly kind: ScopeKind
  /** Of a key its hash. */
  readonly id: string
  readonly name?: string | undefined
  readonly user?: string | undefined
  readonly team?: string | undefined
  readonly organization?: string | undefined
}

/** The budget that an event is about. Money is nano-dollars. */
export interface EventBudget {
  readonly id: string
  readonly spend: number
  readonly max?: number | undefined
  readonly soft?: number | undefined
  /** The share of `max` that was reached: 0.85, 0.95 or 1. */
  readonly threshold?: number | undefined
  readonly window?: { readonly duration: string; readonly start: number; readonly end: number } | undefined
  readonly models?: readonly string[] | undefined
}
