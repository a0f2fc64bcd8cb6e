import type { Driver } from 'unstorage'
import type { Cluster, Redis } from 'ioredis'
import type { RedisStore } from '../redis/client.ts'

const SCAN_COUNT = 1000

/**
 * Documents in Redis, through the connection that the counters use as well. unstorage's own driver waits for a Redis that
 * is away; this one fails within the deadline.
 * @param base before every key
 */
export function createRedisDriver(store: RedisStore, base: string): Driver {
  const prefix = base === '' ? '' : `${base}:`

  const scan = async (below: string): Promise<string[]> => {
    const pattern = `${escapeGlob(prefix + below)}*`
    const found = await Promise.all(nodesOf(store.client).map((node) => scanNode(store, node, pattern)))
    return [...new Set(found.flat())]
  }

  return {
    name: 'redis',
    flags: { ttl: true },
    getInstance: () => store.client,
    hasItem: async (key) => (await store.run((client) => client.exists(prefix + key))) === 1,
    getItem: (key) => store.run((client) => client.get(prefix + key)),
    async setItem(key, text, options) {
      const ttl = (options as { ttl?: number } | undefined)?.ttl
      await store.run((client) =>
        ttl === undefined
          ? client.set(prefix + key, text)
          : client.set(prefix + key, text, 'PX', Math.ceil(ttl * 1000)),
      )
    },
    async removeItem(key) {
      await store.run((client) => client.unlink(prefix + key))
    },
    async getKeys(below) {
      return (await scan(below ?? '')).map((key) => key.slice(prefix.length))
    },
    async clear(below) {
      // One by one: keys of one command must lie in one slot of a cluster.
      for (const key of await scan(below ?? '')) await store.run((client) => client.unlink(key))
    },
  }
}

function nodesOf(client: Redis | Cluster): readonly Redis[] {
  return 'nodes' in client ? client.nodes('master') : [client]
}

async function scanNode(store: RedisStore, node: Redis, pattern: string): Promise<string[]> {
  const keys: string[] = []
  let cursor = '0'
  do {
    const [next, some] = await store.run(() => node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT))
    cursor = next
    keys.push(...some)
  } while (cursor !== '0')
  return keys
}

function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&')
}
