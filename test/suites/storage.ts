import { describe, expect, onTestFinished, test } from 'vitest'
import { storageKey } from '@ungate/gateway'
import type { GatewayContext } from '@ungate/gateway'

type Storage = GatewayContext['storage']

/** What `testStorage` needs to know. */
export interface StorageSuite {
  name: string
  /** A storage that starts empty. */
  make(): Storage | Promise<Storage>
  /** Lets time pass for it. Default: really waits. */
  advance?(ms: number): void | Promise<void>
}

const values = {
  text: 'ä 🐦',
  empty: '',
  digits: '123',
  yes: 'true',
  none: 'null',
  quoted: '"a"',
  looksLikeJson: '{"a":1}',
  number: 0,
  float: -1.5e-7,
  flag: false,
  nothing: null,
  list: [1, '1', { a: null }],
  nested: { deep: { deeper: [] }, '': 'x', 'a.b': 1 },
}

/** What a document store must hold for the gateway's plugins. */
export function testStorage({ name, make, advance = wait }: StorageSuite): void {
  const start = async () => {
    const storage = await make()
    onTestFinished(() => storage.dispose())
    return storage
  }

  describe(`storage ${name}`, () => {
    test('values come back with their types, also one by one in lists', async () => {
      const storage = await start()
      for (const [key, value] of Object.entries(values)) await storage.setItem(`docs:${key}`, value)
      for (const [key, value] of Object.entries(values))
        expect(await storage.getItem(`docs:${key}`), key).toEqual(value)
      await storage.setItems(Object.entries(values).map(([key, value]) => ({ key: `more:${key}`, value })))
      expect(await storage.getItems(Object.keys(values).map((key) => `more:${key}`))).toEqual(
        Object.entries(values).map(([key, value]) => ({ key: `more:${key}`, value })),
      )
    })

    test('bytes are values', async () => {
      const storage = await start()
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      await storage.setItemRaw('bytes', bytes)
      await storage.setItemRaw('text', 'base64:x')
      expect(await storage.getItemRaw('bytes')).toEqual(bytes)
      expect(await storage.getItemRaw('text')).toBe('base64:x')
    })

    test('what JSON would lose in silence is refused', async () => {
      const storage = await start()
      for (const value of [new Map([[1, 2]]), new Set([1]), () => 1]) {
        await expect(storage.setItem('key', value as never)).rejects.toThrow(TypeError)
      }
      expect(await storage.hasItem('key')).toBe(false)
    })

    test('what is not there is null, and can be asked for', async () => {
      const storage = await start()
      expect(await storage.getItem('a:b')).toBeNull()
      expect(await storage.hasItem('a:b')).toBe(false)
      await storage.setItem('a:b', { x: 1 })
      expect(await storage.hasItem('a:b')).toBe(true)
      await storage.removeItem('a:b')
      expect(await storage.getItem('a:b')).toBeNull()
      await storage.removeItem('a:b')
    })

    test('a write replaces the whole document', async () => {
      const storage = await start()
      await storage.setItem('key', { a: 1, b: 2 })
      await storage.setItem('key', { c: 3 })
      expect(await storage.getItem('key')).toEqual({ c: 3 })
    })

    test('writes of one key happen in the order of the calls, and no reader sees half of one', async () => {
      const storage = await start()
      const document = (i: number) => ({ i, text: String(i).repeat(50_000) })
      const writes = Array.from({ length: 20 }, (_, i) => storage.setItem('key', document(i)))
      const seen: number[] = []
      const done = Promise.all(writes).then(() => true)
      while (!(await Promise.race([done, Promise.resolve(false)]))) {
        const read = await storage.getItem<{ i: number; text: string }>('key')
        if (!read) continue
        expect(read.text).toBe(String(read.i).repeat(50_000))
        seen.push(read.i)
      }
      expect(seen).toEqual([...seen].sort((a, b) => a - b))
      expect(await storage.getItem('key')).toEqual(document(19))
    })

    test('an entry ends after its ttl', async () => {
      const storage = await start()
      await storage.setItem('short', { x: 1 }, { ttl: 0.5 })
      await storage.setItem('long', { x: 2 }, { ttl: 60 })
      await storage.setItem('ever', { x: 3 })
      expect(await storage.getItem('short')).toEqual({ x: 1 })
      await advance(700)
      expect(await storage.getItem('short')).toBeNull()
      expect(await storage.hasItem('short')).toBe(false)
      expect(await storage.getItems(['short', 'long', 'ever'])).toEqual([
        { key: 'short', value: null },
        { key: 'long', value: { x: 2 } },
        { key: 'ever', value: { x: 3 } },
      ])
      await storage.setItem('short', { x: 4 })
      expect(await storage.getItem('short')).toEqual({ x: 4 })
    })

    test('a write without a ttl takes the old one away; a ttl that is over removes', async () => {
      const storage = await start()
      await storage.setItem('key', 1, { ttl: 0.3 })
      await storage.setItem('key', 2)
      await advance(500)
      expect(await storage.getItem('key')).toBe(2)
      await storage.setItem('key', 3, { ttl: 0 })
      expect(await storage.hasItem('key')).toBe(false)
    })

    test('keys are listed below a base, and all can be cleared', async () => {
      const storage = await start()
      for (const key of ['keys:1', 'keys:2', 'keys2:1', 'teams:1', 'keys']) await storage.setItem(key, { key })
      expect((await storage.getKeys('keys')).sort()).toEqual(['keys:1', 'keys:2'])
      expect((await storage.getKeys()).sort()).toEqual(['keys', 'keys2:1', 'keys:1', 'keys:2', 'teams:1'])
      await storage.clear('keys')
      expect((await storage.getKeys()).sort()).toEqual(['keys', 'keys2:1', 'teams:1'])
      await storage.clear()
      expect(await storage.getKeys()).toEqual([])
    })

    test('keys made of any text are distinct, stay below their place and can be listed', async () => {
      const storage = await start()
      const texts = [
        'a',
        'A',
        'a/b',
        'a:b',
        'a\\b',
        'a?b',
        'a?c',
        'a b',
        '',
        '.',
        '..',
        '../../x',
        '~',
        '%2F',
        'a.json',
        'a*',
        'a[b]',
        '{a}',
        'ä',
        '🐦',
        '\0',
        '\ud800',
        '\ud801',
        '$',
        'a$',
        'con',
        ' a ',
        'x'.repeat(300),
        'y'.repeat(119),
        'ä'.repeat(60),
        `${'x'.repeat(300)}y`,
        '__proto__',
      ]
      for (const [i, text] of texts.entries()) await storage.setItem(storageKey('users', text), { i })
      for (const [i, text] of texts.entries()) {
        expect(await storage.getItem(storageKey('users', text)), JSON.stringify(text)).toEqual({ i })
      }
      const keys = texts.map((text) => storageKey('users', text))
      expect((await storage.getKeys('users')).sort()).toEqual([...keys].sort())
      expect(await storage.getKeys('other')).toEqual([])
    })

    test('a key that would be cut is refused', async () => {
      const storage = await start()
      for (const key of ['a?b', 'a:..:b', '']) {
        await expect(storage.setItem(key, 1), key).rejects.toThrow(/key/i)
        await expect(storage.getItem(key), key).rejects.toThrow(/key/i)
      }
    })

    test('a document and documents below it can both be there', async () => {
      const storage = await start()
      await storage.setItem('a:b', 1)
      await storage.setItem('a', 2)
      await storage.setItem('a:b:c', 3)
      await storage.setItem('a:b.json:c', 4)
      const keys = ['a', 'a:b', 'a:b.json:c', 'a:b:c']
      expect(await Promise.all(keys.map((key) => storage.getItem(key)))).toEqual([2, 1, 4, 3])
      expect((await storage.getKeys()).sort()).toEqual(keys)
    })

    test('documents are copies: later changes do not reach them', async () => {
      const storage = await start()
      const document = { list: [1] }
      await storage.setItem('key', document)
      document.list.push(2)
      const read = await storage.getItem<{ list: number[] }>('key')
      read!.list.push(3)
      expect(await storage.getItem('key')).toEqual({ list: [1] })
    })
  })
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
