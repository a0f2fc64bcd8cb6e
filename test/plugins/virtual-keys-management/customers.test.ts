import { describe, expect, it } from 'vitest'
import { startApi } from './support.ts'

describe.each(['/customer', '/end_user'])('%s', (base) => {
  it('makes, reads, changes and deletes', async () => {
    const { post, get } = await startApi()
    const made = await post(`${base}/new`, {
      user_id: 'c:1',
      alias: 'Acme',
      max_budget: 5,
      budget_duration: '1d',
      rpm_limit: 2,
      spend: 1.5,
      allowed_model_region: 'eu',
      default_model: 'mock',
      object_permission: { vector_stores: ['v'] },
    })
    expect(made.status).toBe(200)
    expect(made.body).toMatchObject({
      user_id: 'c:1',
      alias: 'Acme',
      blocked: false,
      spend: 1.5,
      allowed_model_region: 'eu',
      default_model: 'mock',
      object_permission: { vector_stores: ['v'] },
      litellm_budget_table: { max_budget: 5, budget_duration: '1d', rpm_limit: 2 },
      unsupported_params: ['object_permission'],
    })
    expect((await get(`${base}/info?end_user_id=c%3A1`)).body).toEqual(made.body)
    const changed = await post(`${base}/update`, { user_id: 'c:1', alias: null, rpm_limit: 4, spend: 0.5 })
    expect(changed.body).toMatchObject({ alias: null, max_budget: 5, rpm_limit: 4, spend: 0.5 })
    expect((await get(`${base}/list`)).body).toEqual([changed.body])
    const gone = await post(`${base}/delete`, { user_ids: ['c:1'] })
    expect(gone.body).toEqual({ deleted_customers: 1, message: 'Deleted 1 customers.' })
    expect((await get(`${base}/info?end_user_id=c%3A1`)).status).toBe(404)
    expect((await post(`${base}/delete`, { user_ids: ['c:1'] })).status).toBe(404)
    expect((await post(`${base}/new`, { user_id: 'c:1' })).body.spend).toBe(0)
  })
})

describe('a customer', () => {
  it('has a budget of its own or one that it refers to', async () => {
    const { post } = await startApi()
    await post('/budget/new', { budget_id: 'small', max_budget: 1, budget_duration: '1d' })
    const both = await post('/customer/new', { user_id: 'c', max_budget: 5, budget_id: 'small' })
    expect(both).toMatchObject({ status: 400, body: { error: { param: 'budget_id' } } })
    const missing = await post('/customer/new', { user_id: 'c', budget_id: 'none' })
    expect(missing).toMatchObject({ status: 404, body: { error: { param: 'budget_id', code: 'budget_not_found' } } })
    const { body } = await post('/customer/new', { user_id: 'c', budget_id: 'small' })
    expect(body).toMatchObject({ budget_id: 'small', litellm_budget_table: { budget_id: 'small', max_budget: 1 } })
    const own = await post('/customer/update', { user_id: 'c', max_budget: 3 })
    expect(own.body).toMatchObject({ budget_id: null, max_budget: 3, litellm_budget_table: { max_budget: 3 } })
    const shared = await post('/customer/update', { user_id: 'c', budget_id: 'small', max_budget: null })
    expect(shared.body).toMatchObject({ budget_id: 'small', max_budget: null })
  })

  it('is blocked, also where nobody knew of it, and taken again', async () => {
    const { post, gateway, key } = await startApi()
    const own = await key({})
    const chat = async (user: string) => {
      const body = JSON.stringify({ model: 'mock', user, messages: [{ role: 'user', content: 'Hi' }] })
      const headers = { authorization: `Bearer ${own}`, 'content-type': 'application/json' }
      return (await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', headers, body })).status
    }
    expect(await chat('new')).toBe(200)
    const { body } = await post('/customer/block', { user_ids: ['new', 'new'] })
    expect(body.blocked_users).toMatchObject([{ user_id: 'new', blocked: true }])
    expect(await chat('new')).toBe(403)
    expect(await chat('another')).toBe(200)
    expect((await post('/customer/unblock', { user_ids: ['new', 'none'] })).status).toBe(404)
    expect((await post('/customer/unblock', { user_ids: ['new'] })).body.blocked_users[0].blocked).toBe(false)
    expect(await chat('new')).toBe(200)
  })
})
