import { expect, test } from 'vitest'
import { budgetFieldsToScope } from '../../src/index.ts'

const of = (fields: Parameters<typeof budgetFieldsToScope>[0]['fields'], more = {}) =>
  budgetFieldsToScope({ kind: 'key', id: 'k', fields, ...more })

test('limits and budgets, USD as nano-dollars', () => {
  const scope = budgetFieldsToScope({
    kind: 'team',
    id: 't',
    name: 'blue',
    fields: {
      rpm_limit: 10,
      tpm_limit: 1000,
      max_parallel_requests: 0,
      max_budget: 1.5,
      soft_budget: 1,
      budget_duration: '30d',
      temp_budget_increase: 0.1,
      temp_budget_expiry: '2026-03-01T00:00:00Z',
    },
  })
  expect(scope).toEqual({
    kind: 'team',
    id: 't',
    name: 'blue',
    limits: { rpm: 10, tpm: 1000, parallel: 0 },
    budgets: [
      {
        id: '30d',
        max: 1_500_000_000,
        soft: 1_000_000_000,
        window: '30d',
        increase: { by: 100_000_000, until: Date.UTC(2026, 2, 1) },
      },
    ],
  })
})

test('nothing said is nothing limited', () => {
  expect(of({})).toEqual({ kind: 'key', id: 'k' })
  expect(of({ rpm_limit: null, max_budget: null, model_rpm_limit: {} })).toEqual({ kind: 'key', id: 'k' })
})

test('the budget that is referred to fills what the holder does not say', () => {
  const scope = of([{ rpm_limit: 5, max_budget: null }, undefined, { rpm_limit: 9, tpm_limit: 90, max_budget: 2 }])
  expect(scope.limits).toEqual({ rpm: 5, tpm: 90 })
  expect(scope.budgets).toEqual([{ id: 'total', max: 2_000_000_000 }])
  expect(of([{ max_budget: 0 }, { max_budget: 2 }]).budgets).toEqual([{ id: 'total', max: 0 }])
  expect(of({ rpm_limit: 1, max_budget: 1 }, { budgets: false })).toEqual({ kind: 'key', id: 'k', limits: { rpm: 1 } })
})

test('several windows; of two of one length the lower holds', () => {
  const { budgets } = of({
    max_budget: 5,
    budget_duration: '1d',
    budget_limits: [
      { budget_duration: '1d', max_budget: 3 },
      { budget_duration: '1mo', max_budget: 50 },
      { budget_duration: '1mo', max_budget: 80 },
    ],
  })
  expect(budgets).toEqual([
    { id: '1d', window: '1d', max: 3_000_000_000 },
    { id: '1mo', window: '1mo', max: 50_000_000_000 },
  ])
})

test('models have limits and budgets of their own, in all of LiteLLM’s places', () => {
  const scope = of(
    {
      model_rpm_limit: { a: 1 },
      model_max_budget: {
        a: { budget_limit: 0.5, time_period: '1d', rpm_limit: 7, tpm_limit: 70 },
        big: { max_budget: 2, models: ['b', 'c'], tpm_limit: 9 },
      },
    },
    { metadata: { model_tpm_limit: { a: 10, d: 20 }, model_rpm_limit: { d: 99 } } },
  )
  expect(scope.limits).toEqual({
    models: { a: { rpm: 1, tpm: 10 }, b: { tpm: 9 }, c: { tpm: 9 }, d: { tpm: 20 } },
  })
  expect(scope.budgets).toEqual([
    { id: 'model:a:1d', max: 500_000_000, window: '1d', models: ['a'] },
    { id: 'model:big:total', max: 2_000_000_000, models: ['b', 'c'] },
  ])
  const fromProto = JSON.parse('{"__proto__":1,"constructor":2}') as Record<string, number>
  expect(Object.keys(of({ model_rpm_limit: fromProto }).limits!.models!).sort()).toEqual(['__proto__', 'constructor'])
})
