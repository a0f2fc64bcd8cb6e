import { describe, expect, onTestFinished, test } from 'vitest'
import type { GatewayContext } from '@ungate/gateway'

type Storage = GatewayContext['storage']

/** What `testStorage` needs to know. */
export interface StorageSuite {
  name: string
  /** A storage that starts empty. */
  make(): Storage | Promise<Storage>
}

/** What a document store must hold for the gateway's plugins. */
export function testStorage({ name, make }: StorageSuite): void {
  const start = async () => {
    const storage = await make()
    onTestFinished(() => storage.dispose())
    return storage
  }

  describe(`storage ${name}`, () => {
    test('documents come back as they were', async () => {
      const storage = await start()
      const documents = {
        text: 'ä 🐦',
        looksLikeJson: '{"a":1}',
        number: 0,
        flag: false,
        list: [1, { a: null }],
        nested: { deep: { deeper: [] } },
      }
      for (const [key, value] of Object.entries(documents)) await storage.setItem(`docs:${key}`, { value })
      for (const [key, value] of Object.entries(documents))
        expect(await storage.getItem(`docs:${key}`), key).toEqual({ value })
    })

    test('what is not there is null, and can be asked for', async () => {
      const storage = await start()
      expect(await storage.getItem('a:b')).toBeNull()
      expect(await storage.hasItem('a:b')).toBe(false)
      await storage.setItem('a:b', { x: 1 })
      expect(await storage.hasItem('a:b')).toBe(true)
      await storage.removeItem('a:b')
      expect(await storage.getItem('a:b')).toBeNull()
    })

    test('a write replaces the whole document', async () => {
      const storage = await start()
      await storage.setItem('key', { a: 1, b: 2 })
      await storage.setItem('key', { c: 3 })
      expect(await storage.getItem('key')).toEqual({ c: 3 })
    })

    test('keys are listed below a base, and all can be cleared', async () => {
      const storage = await start()
      for (const key of ['keys:1', 'keys:2', 'teams:1']) await storage.setItem(key, { key })
      expect((await storage.getKeys('keys')).sort()).toEqual(['keys:1', 'keys:2'])
      expect((await storage.getKeys()).sort()).toEqual(['keys:1', 'keys:2', 'teams:1'])
      await storage.clear()
      expect(await storage.getKeys()).toEqual([])
    })

    test('documents are copies: a caller’s later change does not reach them', async () => {
      const storage = await start()
      const document = { list: [1] }
      await storage.setItem('key', document)
      document.list.push(2)
      expect(await storage.getItem('key')).toEqual({ list: [1] })
    })
  })
}
