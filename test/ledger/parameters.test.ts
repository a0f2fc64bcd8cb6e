import { expect, it } from 'vitest'
import { readDays, readDollars, readTimes } from '../../plugins/ledger/query.ts'
import { toCursor } from '../../plugins/ledger/reports/cursor.ts'
import { ledgerGateway } from './support.ts'

it('names a parameter with a NUL in it, which PostgreSQL takes for no text', async () => {
  const { get } = await ledgerGateway({})
  for (const path of [
    '/spend/logs?request_id=a%00b',
    '/spend/keys?api_key=%00',
    '/spend/tags?tags=all,%00',
    '/global/spend?model=%00',
    '/global/activity?model=%00',
    '/team/daily/activity?team_ids=%00',
    `/global/spend/report?group_by=customer&cursor=${toCursor(['2026-11-21', 'a\0'])}`,
  ]) {
    const answer = await get('admin', path)
    const { error } = (await answer.json()) as { error: { param: string } }
    expect([path, answer.status, error.param]).toEqual([path, 400, /[?&](\w+)=[^&]*$/.exec(path)![1]])
  }
})

it('divides at commas what holds several names, and no name', async () => {
  const { chat, json } = await ledgerGateway({})
  for (const user of ['cn=ann,ou=people', ' edge ']) await chat('admin', { user })
  const spent = async (query: string) => {
    const path = `/customer/daily/activity?${query}`
    const { metadata } = (await json('admin', path)) as { metadata: { total_api_requests: number } }
    return metadata.total_api_requests
  }
  expect(await spent(`end_user=${encodeURIComponent('cn=ann,ou=people')}`)).toBe(1)
  expect(await spent(`end_user=${encodeURIComponent(' edge ')}`)).toBe(1)
  expect(await spent('end_user=%20')).toBe(0)
  expect(await spent('end_user_ids=cn=ann,ou=people')).toBe(0)
  const report = await json('admin', '/global/spend/report?customer_id=cn=ann,ou=people')
  expect(report).toMatchObject([{ customers: [{ customer: 'cn=ann,ou=people' }] }])
})

it('takes amounts of any size, as those that a row can have', () => {
  expect(readDollars({ min_spend: '0.000000001' }, 'min_spend')).toBe(1)
  for (const amount of ['1e300', '-1e300', '99999999999']) {
    expect(Number.isSafeInteger(readDollars({ min_spend: amount }, 'min_spend'))).toBe(true)
  }
  expect(readDollars({ min_spend: '' }, 'min_spend')).toBeUndefined()
  expect(() => readDollars({ min_spend: 'many' }, 'min_spend')).toThrow('must be a number')
})

it('takes no day that is in no calendar for one of the next month', () => {
  for (const end_date of ['2026-02-29', '2026-02-31', '2026-11-31', '2026-04-31 08:00']) {
    expect(() => readDays({ end_date })).toThrow('must be a day')
    expect(() => readTimes({ end_date })).toThrow('must be a day')
  }
  expect(readDays({ end_date: '2028-02-29' }).to).toBe('2028-02-29')
  expect(readTimes({ end_date: '2026-11-30 24:00' }).before).toBe(Date.UTC(2026, 11, 1))
})

it('leaves no hours out of reports that have days only', async () => {
  const days = (start_date: string, end_date: string) => readDays({ start_date, end_date })
  expect(days('2026-11-20 00:00:00', '2026-11-21T23:59:59')).toEqual({ from: '2026-11-20', to: '2026-11-21' })
  expect(days('2026-11-20', '2026-11-22 00:00')).toEqual({ from: '2026-11-20', to: '2026-11-21' })
  expect(days('2026-11-20', '2026-11-21')).toEqual({ from: '2026-11-20', to: '2026-11-21' })
  expect(() => days('2026-11-20 08:00', '2026-11-21')).toThrow('`start_date` must be a day')
  expect(() => days('2026-11-20', '2026-11-21 09:00')).toThrow('`end_date` must be a day')
  expect(() => days('2026-11-20', '2026-11-20 00:00')).toThrow('is after')

  const { chat, get, json } = await ledgerGateway({})
  await chat('admin', {})
  const past = 'start_date=2020-01-01 08:00:00&end_date=2020-01-01 09:00:00'
  const now = `start_date=2020-01-01 08:00:00&end_date=2999-01-01`
  for (const path of ['/user/daily/activity', '/global/activity', '/global/spend', '/global/spend/report']) {
    expect([path, (await get('admin', `${path}?${now}`)).status]).toEqual([path, 400])
  }
  // Rows know hours.
  expect(await json('admin', `/spend/logs?${past}`)).toEqual([])
  expect(await json('admin', `/spend/logs?${now}`)).toMatchObject([{ call_type: 'acompletion' }])
})
