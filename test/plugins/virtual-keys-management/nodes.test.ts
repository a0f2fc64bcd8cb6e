import { describe, expect, it, onTestFinished } from 'vitest'
import { hasRedis, startRedis } from '../../support/redis.ts'
import { startApi } from './support.ts'

describe.runIf(hasRedis())('two nodes that share Redis', () => {
  it('lose no member, make one user of one address, and refuse while Redis is away', async () => {
    const redis = await startRedis()
    const config = { storage: { default: { driver: 'redis', url: redis.url, deadline: 1000 } } }
    const nodes = [await startApi({}, config), await startApi({}, config)]
    onTestFinished(() => redis.kill())
    const [one, two] = nodes
    expect((await one!.post('/team/new', { team_id: 't' })).status).toBe(200)
    expect((await two!.post('/team/new', { team_id: 't' })).status).toBe(400)

    const ids = Array.from({ length: 20 }, (_, i) => `u${String(i).padStart(2, '0')}`)
    const answers = await Promise.all(
      ids.map((user_id, i) =>
        nodes[i % 2]!.post('/team/member_add', { team_id: 't', member: { user_id, role: 'user' } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200))
    const stored = await one!.context.directory.update('team', 't', (team) => team)
    expect(stored!.members_with_roles.map(({ user_id }) => user_id).sort()).toEqual(ids)

    const add = (i: number, user_email: string) =>
      nodes[i % 2]!.post('/team/member_add', { team_id: `m${i}`, member: { user_email, role: 'user' } })
    for (const i of [0, 1, 2, 3]) await one!.post('/team/new', { team_id: `m${i}` })
    const added = await Promise.all([0, 1, 2, 3].map((i) => add(i, 'a@example.com')))
    const users = added.map(({ body }) => body.updated_users[0].user_id)
    expect(new Set(users).size).toBe(1)

    await redis.kill()
    expect(await one!.post('/team/new', { team_id: 'x' })).toMatchObject({
      status: 503,
      body: { error: { code: 'store_away' } },
    })
  }, 30_000)
})
