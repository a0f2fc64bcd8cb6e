import { isDuration } from '../budget-window.ts'
import type { BudgetFields, ModelBudget } from '../types/directory.ts'
import type { Row } from './litellm-tables.ts'
import { BadValue, amountOf, jsonOf, mapOf, textOf } from './litellm-values.ts'

/** Told of what is left out of a row. */
export type Tell = (field: string, reason: string) => void

/** Budgets and limits of a row: each of LiteLLM's tables that has them names the columns alike. */
export function budgetFields(row: Row, tell: Tell): BudgetFields {
  return {
    max_budget: amountOf(row, 'max_budget'),
    soft_budget: amountOf(row, 'soft_budget'),
    budget_duration: durationOf(row, 'budget_duration', tell),
    tpm_limit: amountOf(row, 'tpm_limit'),
    rpm_limit: amountOf(row, 'rpm_limit'),
    max_parallel_requests: amountOf(row, 'max_parallel_requests'),
    model_max_budget: modelBudgetsOf(row, tell),
    budget_limits: windowsOf(row),
  }
}

/** A duration; one that is none is left out, so that the budget is never refilled rather than too often. */
export function durationOf(row: Row, column: string, tell: Tell): string | null {
  const duration = textOf(row, column)
  if (duration === null || duration === '') return null
  if (isDuration(duration)) return duration
  tell(column, 'is no duration that is known here: the budget is taken without a window')
  return null
}

const AMOUNTS = ['max_budget', 'budget_limit', 'tpm_limit', 'rpm_limit'] as const
const DURATIONS = ['budget_duration', 'time_period'] as const

function modelBudgetsOf(row: Row, tell: Tell): Record<string, ModelBudget> | undefined {
  const column = 'model_max_budget'
  const map = mapOf(row, column)
  if (!map) return undefined
  const budgets = Object.entries(map).map(([model, value]): [string, ModelBudget] => {
    if (typeof value === 'number' && value >= 0) return [model, { max_budget: value }]
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new BadValue(column, 'is no map of budgets')
    const budget: Record<string, unknown> = {}
    for (const [name, part] of Object.entries(value as Record<string, unknown>)) {
      if (part === null) continue
      if (isIn(AMOUNTS, name)) budget[name] = amount(part, column)
      else if (isIn(DURATIONS, name)) {
        if (typeof part === 'string' && isDuration(part)) budget[name] = part
        else tell(column, 'holds a duration that is not known here: that budget is taken without a window')
      } else if (name === 'models' && Array.isArray(part) && part.every((item) => typeof item === 'string')) {
        budget[name] = part
      } else tell(`${column}.…${name}`, 'is not known here')
    }
    return [model, budget]
  })
  return Object.fromEntries(budgets)
}

function windowsOf(row: Row): { budget_duration: string; max_budget: number }[] | undefined {
  const column = 'budget_limits'
  const list = jsonOf(row, column)
  if (list === undefined || list === null || isEmpty(list)) return undefined
  if (!Array.isArray(list)) throw new BadValue(column, 'is no list')
  return list.map((item: unknown) => {
    const { budget_duration, max_budget } = (item ?? {}) as { budget_duration?: unknown; max_budget?: unknown }
    if (typeof budget_duration !== 'string' || !isDuration(budget_duration))
      throw new BadValue(column, 'holds a duration that is not known here')
    return { budget_duration, max_budget: amount(max_budget, column) }
  })
}

function amount(value: unknown, column: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) {
    throw new BadValue(column, 'holds what is no amount')
  }
  return number
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function isIn<T extends string>(list: readonly T[], name: string): name is T {
  return (list as readonly string[]).includes(name)
}
