import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { StoreAway } from '../../../src/index.ts'
import type { Directory, DirectoryDocuments, DirectoryKind, GatewayConfig } from '../../../src/index.ts'
import { createKeyBook } from '../../../plugins/virtual-keys/key-book.ts'
import { hasRedis, startRedis } from '../../support/redis.ts'
import type { TestRedis } from '../../support/redis.ts'
import { MASTER, keyGateway } from './keys-support.ts'

const found = hasRedis()
let redis: TestRedis

beforeAll(async () => {
  if (found) redis = await startRedis()
})
afterAll(async () => {
  if (found) await redis.kill()
})

describe('what a call costs in reads of storage', () => {
  test('a known key none, the master key none, an unknown key one and no more', async () => {
    const { mint, chat, context } = await keyGateway()
    const { key } = await mint({ team_id: 't', user_id: 'u' })
    await chat(key, { user: 'end-user' })
    const reads = vi.spyOn(context.storage, 'getItem')
    const read = (prefix: string) => reads.mock.calls.filter(([name]) => String(name).startsWith(prefix)).length
    for (let i = 0; i < 5; i++) expect((await chat(key, { user: 'end-user' })).status).toBe(200)
    for (let i = 0; i < 5; i++) expect((await chat(MASTER)).status).toBe(200)
    expect(read('directory:')).toBe(0)
    for (let i = 0; i < 5; i++) expect((await chat('sk-unknown')).status).toBe(401)
    expect(read('directory:')).toBe(1)
  })
})

describe('storage that is away', () => {
  test('known keys and the master key go on; others are told to come back; nothing is changed', async () => {
    const { mint, chat, post, context } = await keyGateway()
    const { key, token } = await mint({ team_id: 't', models: ['small'] })
    const fresh = await mint()
    await chat(key)
    const away = () => Promise.reject(new StoreAway('open', 'away'))
    const spies = (['getItem', 'setItem', 'getKeys'] as const).map((name) =>
      vi.spyOn(context.storage, name).mockImplementation(away),
    )
    expect((await chat(key)).status).toBe(200)
    expect((await chat(key, { model: 'large' })).status).toBe(403)
    expect((await chat(MASTER)).status).toBe(200)
    const refused = await chat('sk-unknown')
    expect(refused).toMatchObject({ status: 503, error: { code: 'store_away' } })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await post('/key/block', { key: token })).toMatchObject({ status: 503, error: { code: 'store_away' } })
    expect((await chat(key)).status).toBe(200)
    for (const spy of spies) spy.mockRestore()
    expect((await chat('sk-unknown')).status).toBe(401)
    expect((await post('/key/block', { key: token })).status).toBe(200)
    expect((await chat(key)).status).toBe(401)
    expect((await chat(fresh.key)).status).toBe(200)
  })

  test.each([
    ['closed', 503],
    ['open', 200],
  ] as const)('end users that are not known: %s', async (whenAway, status) => {
    const { mint, chat, post, context } = await keyGateway({ plugins: { 'virtual-keys': { whenAway } } })
    await post('/customer/new', { user_id: 'blocked' })
    await post('/customer/block', { user_ids: ['blocked'] })
    const { key } = await mint({ team_id: 't', user_id: 'u' })
    expect((await chat(key, { user: 'known' })).status).toBe(200)
    expect((await chat(key, { user: 'blocked' })).status).toBe(403)
    vi.spyOn(context.storage, 'getItem').mockImplementation(() => Promise.reject(new StoreAway('open', 'away')))
    expect((await chat(key, { user: 'known' })).status).toBe(200)
    expect((await chat(key, { user: 'blocked' })).status).toBe(403)
    expect((await chat(key, { user: 'new' })).status).toBe(status)
    expect((await chat(key, {}, { 'x-litellm-team-id': 'elsewhere' })).status).toBe(403)
    const own = await chat(key)
    expect(own.status).toBe(200)
  })

  test('a key whose documents went stale is used as it was', async () => {
    const documents: Partial<{ [K in DirectoryKind]: DirectoryDocuments[K] }> = {
      key: { token: 'h', key_name: 'sk-...', models: ['small'], created_at: '', updated_at: '' },
    }
    let version = 1
    let away = false
    const directory = {
      get: async (kind: DirectoryKind) => {
        if (away) throw new StoreAway('failed', 'away')
        return documents[kind]
      },
      version: () => version,
    } as unknown as Directory
    const book = createKeyBook(directory)
    const known = await book.find('h')
    away = true
    expect(book.find('h')).toBe(known)
    version++
    expect(await book.find('h')).toBe(known)
    await expect(Promise.resolve(book.find('other'))).rejects.toThrow(StoreAway)
    away = false
    documents.key = { ...documents.key!, blocked: true }
    expect(await book.find('h')).toMatchObject({ refusal: 'Key is blocked.' })
    delete documents.key
    version++
    expect(await book.find('h')).toBeUndefined()
  })
})

if (found) {
  describe('two nodes on one Redis', () => {
    test('a key of one works on the other; blocking, changing and deleting it is heard there', async () => {
      const config: GatewayConfig = { storage: { default: { driver: 'redis', url: redis.url, deadline: 5000 } } }
      const [a, b] = [await keyGateway(config), await keyGateway(config)]
      const { key } = await a.mint({ models: ['small'] })
      expect((await b.chat(key)).status).toBe(200)
      const until = (status: number, model = 'small') =>
        vi.waitFor(async () => expect((await b.chat(key, { model })).status).toBe(status), {
          timeout: 5000,
          interval: 20,
        })
      await a.post('/key/block', { key })
      expect((await a.chat(key)).status).toBe(401)
      await until(401)
      await a.post('/key/unblock', { key })
      await until(200)
      await a.post('/key/update', { key, models: ['large'] })
      await until(403)
      await until(200, 'large')
      await a.post('/key/delete', { keys: [key] })
      await until(401, 'large')
    })

    test('one alias for two keys, made on two nodes at the same moment: one of them', async () => {
      const config: GatewayConfig = {
        storage: { default: { driver: 'redis', url: redis.url, deadline: 5000, base: 'alias' } },
      }
      const nodes = [await keyGateway(config), await keyGateway(config)]
      await Promise.all(nodes.map(({ read }) => read('/key/aliases')))
      for (let i = 0; i < 5; i++) {
        const answers = await Promise.all(nodes.map(({ post }) => post('/key/generate', { key_alias: `a${i}` })))
        expect(answers.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([200, 400])
      }
    })
  })
}
