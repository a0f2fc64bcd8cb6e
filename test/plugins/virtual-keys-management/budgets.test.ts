import { expect, it } from 'vitest'
import { startApi, startWorld } from './support.ts'

it('makes, reads, changes and deletes budgets', async () => {
  const { post, get } = await startApi()
  const made = await post('/budget/new', {
    budget_id: 'b',
    max_budget: 10,
    soft_budget: 8,
    budget_duration: '7d',
    note: 'n',
  })
  expect(made.body).toMatchObject({
    budget_id: 'b',
    max_budget: 10,
    soft_budget: 8,
    budget_duration: '7d',
    tpm_limit: null,
    note: 'n',
    budget_reset_at: expect.stringMatching(/T00:00:00\.000Z$/),
  })
  // A week begins on Monday.
  expect(new Date(made.body.budget_reset_at).getUTCDay()).toBe(1)
  expect((await post('/budget/info', { budgets: ['b'] })).body).toEqual([made.body])
  const { body } = await post('/budget/update', { budget_id: 'b', soft_budget: null, tpm_limit: 5 })
  expect(body).toMatchObject({ max_budget: 10, soft_budget: null, tpm_limit: 5 })
  expect((await get('/budget/list')).body).toEqual([body])
  const settings = (await get('/budget/settings?budget_id=b')).body
  expect(settings[0]).toEqual({
    field_name: 'max_budget',
    field_type: 'Float',
    field_description: 'USD that may be spent; null: no bound.',
    field_value: 10,
    stored_in_db: true,
    field_default_value: null,
  })
  expect((await post('/budget/delete', { id: 'b' })).body.budget_id).toBe('b')
  expect((await get('/budget/list')).body).toEqual([])
})

it('keeps a budget that somebody refers to, and says who', async () => {
  const { post, key } = await startApi()
  await post('/budget/new', { budget_id: 'b', max_budget: 1 })
  await post('/team/new', { team_id: 't', budget_id: 'b' })
  await post('/organization/new', { organization_id: 'o', organization_alias: 'O', budget_id: 'b' })
  await post('/user/new', { user_id: 'u', budget_id: 'b', auto_create_key: false })
  await post('/customer/new', { user_id: 'c', budget_id: 'b' })
  await key({ budget_id: 'b' })
  const refused = await post('/budget/delete', { id: 'b' })
  expect(refused).toMatchObject({ status: 400, body: { error: { code: 'budget_in_use', param: 'id' } } })
  expect(refused.body.error.message).toMatch(/key `sk-...[\w-]{4}`, team `t`, user `u`, customer `c`, organization `o`/)
  await post('/team/update', { team_id: 't', budget_id: null })
  expect((await post('/budget/delete', { id: 'b' })).body.error.message).not.toContain('team')
})

it('keeps the budget that all end users have', async () => {
  const { post } = await startApi({ 'virtual-keys': { endUserBudget: 'all' } })
  await post('/budget/new', { budget_id: 'all', max_budget: 1 })
  expect((await post('/budget/delete', { id: 'all' })).body.error.message).toContain('the option `endUserBudget`')
})

it('refuses ids that are taken or not there', async () => {
  const { post, get } = await startApi()
  await post('/budget/new', { budget_id: 'b' })
  expect(await post('/budget/new', { budget_id: 'b' })).toMatchObject({
    status: 400,
    body: { error: { code: 'budget_exists' } },
  })
  for (const answer of [
    await post('/budget/update', { budget_id: 'x' }),
    await post('/budget/delete', { id: 'x' }),
    await post('/budget/info', { budgets: ['b', 'x'] }),
    await get('/budget/settings?budget_id=x'),
  ]) {
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'budget_not_found' } } })
  }
})

it('tells users neither which budgets there are nor what is in them', async () => {
  const { post, key, callers } = await startWorld()
  await post('/budget/new', { budget_id: 'secret', max_budget: 7 })
  await post('/budget/new', { budget_id: 'theirs', max_budget: 3 })
  const { member, teamAdmin } = callers
  const own = (await post('/key/generate', {}, member)).body.key
  const bySomebody = await key({ user_id: 'member', budget_id: 'theirs' })
  for (const budget_id of ['secret', 'none']) {
    for (const answer of [
      await post('/key/generate', { budget_id }, member),
      await post('/key/update', { key: own, budget_id }, member),
      await post('/key/update', { key: bySomebody, budget_id }, member),
      await post('/key/regenerate', { key: own, budget_id }, member),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { error: { param: 'budget_id', code: 'not_allowed' } } })
      expect(JSON.stringify(answer.body)).not.toContain('secret')
    }
  }
  expect((await post('/key/update', { key: bySomebody, key_alias: 'named' }, member)).body.budget_id).toBe('theirs')
  const given = await post('/key/generate', { team_id: 'alpha', user_id: 'member', budget_id: 'secret' }, teamAdmin)
  expect(given).toMatchObject({ status: 200, body: { budget_id: 'secret' } })
})
