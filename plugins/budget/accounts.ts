import { budgetWindow, compilePattern, spendKey } from '../../src/index.ts'
import type { Scope, ScopeBudget } from '../../src/index.ts'

/** What one counter of spend stands for: all that a scope ever spent, or what it spent in a window or on some models. */
export interface Account {
  readonly scope: Scope
  /** Budgets that are measured by it. */
  readonly budgets: readonly ScopeBudget[]
  /** Whether the spend of a model counts here; undefined: all does. */
  readonly matches: ((name: string) => boolean) | undefined
  readonly window: string | undefined
  /** Some of its budgets has a `max`. */
  readonly hard: boolean
  /** The smallest `max`, where no increase can change it. */
  readonly fixedLimit: number | undefined
  /** Below this nobody needs to be told of anything. */
  readonly alertAt: number
  /** The counter's name now, and from when until when it is that. */
  key: string
  start: number
  end: number
  /** What was told of the current window by this node. */
  readonly told: Set<string>
  /** The last value that counters gave, where they do not answer at once. */
  heard: number | undefined
}

/** A scope with its counters, the one for ever first. */
export interface ScopeAccounts {
  readonly scope: Scope
  readonly total: Account
  readonly all: readonly Account[]
  readonly hard: boolean
}

/** The first share of a budget that is told. */
const FIRST_ALERT = 0.85
/** A total goes on counting for calls that end after its window. */
const AFTER_WINDOW_MS = 3_600_000

/** Finds the accounts of scopes. A scope is compiled once: it is the same object as long as nothing about it changed. */
export function createAccounts(timezone: string) {
  const known = new WeakMap<Scope, ScopeAccounts>()

  const compile = (scope: Scope): ScopeAccounts => {
    const budgets = scope.budgets ?? []
    const whole = budgets.filter((budget) => budget.window === undefined && budget.models === undefined)
    const total = toAccount(scope, whole)
    total.key = spendOf(scope)
    const others = budgets.filter((budget) => !whole.includes(budget)).map((budget) => toAccount(scope, [budget]))
    const all = [total, ...others]
    for (const account of others) if (account.window === undefined) account.key = partKey(account)
    return { scope, total, all, hard: all.some(({ hard }) => hard) }
  }

  return {
    of(scope: Scope): ScopeAccounts {
      let accounts = known.get(scope)
      if (!accounts) known.set(scope, (accounts = compile(scope)))
      return accounts
    },
    /** The name of an account's counter at a moment. */
    keyAt(account: Account, now: number): string {
      if (account.window === undefined || (now >= account.start && now < account.end)) return account.key
      const { start, end } = budgetWindow(account.window, now, timezone)
      account.start = start
      account.end = end
      account.key = `${partKey(account)}:${start}`
      account.told.clear()
      account.heard = undefined
      return account.key
    },
  }
}

export type Accounts = ReturnType<typeof createAccounts>

/** What may be in the account at most; Infinity where it only counts. */
export function limitOf({ budgets, fixedLimit }: Account, now: number): number {
  return fixedLimit ?? Math.min(...budgets.map((budget) => maxOf(budget, now) ?? Infinity))
}

/** A budget's maximum with its increase, while that lasts. */
export function maxOf({ max, increase }: ScopeBudget, now: number): number | undefined {
  return max === undefined || increase === undefined || increase.until <= now ? max : max + increase.by
}

/** How long the counter must live from now on, milliseconds. */
export function lifeOf({ window, end }: Account, now: number): number {
  return window === undefined ? Infinity : Math.max(end - now, 0) + AFTER_WINDOW_MS
}

function toAccount(scope: Scope, budgets: readonly ScopeBudget[]): Account {
  const models = budgets[0]?.models
  return {
    scope,
    budgets,
    matches: models && toTest(models),
    window: budgets[0]?.window,
    hard: budgets.some(({ max }) => max !== undefined),
    fixedLimit: budgets.some(({ increase }) => increase !== undefined)
      ? undefined
      : Math.min(...budgets.map(({ max = Infinity }) => max)),
    alertAt: Math.min(...budgets.map(({ soft = Infinity, max = Infinity }) => Math.min(soft, max * FIRST_ALERT))),
    key: '',
    start: 0,
    end: 0,
    told: new Set(),
    heard: undefined,
  }
}

function partKey({ scope, budgets }: Account): string {
  return `${spendOf(scope)}:${budgets[0]!.id}`
}

function spendOf({ kind, id, spentAs }: Scope): string {
  return spendKey(kind, spentAs ?? id)
}

function toTest(models: readonly string[]): (name: string) => boolean {
  const names = new Set(models)
  const patterns = models.filter((model) => model.includes('*')).map((model) => compilePattern(model))
  return (name) => names.has(name) || patterns.some((pattern) => pattern.match(name) !== undefined)
}
