import { describe, expect, it } from 'vitest'
import { ledgerGateway } from './support.ts'

const METRICS =
  'spend,prompt_tokens,completion_tokens,cache_read_input_tokens,cache_creation_input_tokens,total_tokens,' +
  'successful_requests,failed_requests,api_requests,unknown_cost_requests'
const DAYS = 'start_date=2020-01-01&end_date=2020-01-02'
const PARTS = 'api_key,key_alias,model_group,model,provider,endpoint'
const LINES = 'model,api_key,spend,total_tokens,api_requests,unknown_cost_requests'

describe('CSV without rows is the line that names the columns', () => {
  it.each([
    ['/spend/keys', `token,api_key,key_alias,user_id,team_id,organization_id,${METRICS}`],
    ['/spend/users', `user_id,${METRICS}`],
    ['/spend/teams', `team_id,${METRICS}`],
    ['/spend/tags', 'individual_request_tag,log_count,total_spend,unknown_cost_requests'],
    ['/global/activity', 'date,day,api_requests,total_tokens,spend'],
    ['/global/activity/model', 'model_group,date,day,api_requests,total_tokens,spend'],
    ['/global/spend/report', `date,team_name,${LINES}`],
    ['/global/spend/report?group_by=customer', `date,customer,${LINES}`],
    ['/global/spend/report?group_by=api_key', `api_key,model,${METRICS}`],
    ['/global/spend/report?internal_user_id=u', `internal_user_id,model,${METRICS}`],
    ['/user/daily/activity', `date,${PARTS},${METRICS}`],
    ['/user/daily/activity?user_id=u', `date,user_id,${PARTS},${METRICS}`],
    ['/team/daily/activity', `date,team_id,${PARTS},${METRICS}`],
    ['/customer/daily/activity', `date,end_user_id,${PARTS},${METRICS}`],
    [`/spend/logs?${DAYS}`, 'date,api_key,model,spend,requests,unknown_cost_requests'],
  ])('%s', async (path, columns) => {
    const test = await ledgerGateway({})
    const separator = path.includes('?') ? '&' : '?'
    // Nothing was called; and who may see nothing has the same file.
    for (const who of ['admin', 'guest']) {
      const answer = await test.get(who, `${path}${separator}format=csv`)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8'])
      expect([who, await answer.text()]).toEqual([who, `${columns}\r\n`])
    }
  })

  it('also of calls, where nobody has made one', async () => {
    const test = await ledgerGateway({})
    const paths = ['/spend/logs?format=csv', '/spend/logs?format=csv&limit=5', '/spend/logs/v2?format=csv']
    const before = await Promise.all(paths.map(async (path) => (await test.get('admin', path)).text()))
    await (await test.chat('alice')).text()
    for (const [i, path] of paths.entries()) {
      const [header, row] = (await (await test.get('admin', path)).text()).split('\r\n')
      expect(before[i]).toBe(`${header}\r\n`)
      expect(row).not.toBe('')
    }
  })
})

it('CSV of /spend/logs/v2 keeps to a page, where one is asked for', async () => {
  const test = await ledgerGateway({})
  for (const user of ['a', 'b', 'c']) await (await test.chat('alice', { user })).text()
  const linesOf = async (query: string) => {
    const answer = await test.get('admin', `/spend/logs/v2?format=csv${query}`)
    const lines = (await answer.text()).trimEnd().split('\r\n')
    return { lines, cursor: answer.headers.get('x-ungate-next-cursor') }
  }
  const { lines: all, cursor: none } = await linesOf('')
  expect([all.length, none]).toEqual([4, null])
  const first = await linesOf('&page_size=2')
  expect(first.lines).toEqual(all.slice(0, 3))
  const second = await linesOf(`&page_size=2&cursor=${encodeURIComponent(first.cursor!)}`)
  expect(second).toEqual({ lines: [all[0], all[3]], cursor: null })
  expect((await linesOf('&page=2&page_size=1')).lines).toEqual([all[0], all[2]])
})
