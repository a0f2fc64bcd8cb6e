import { describe, expect, it } from 'vitest'
import { createGatewayStorage } from '../../src/storage.ts'

describe('storage mounts', () => {
  it('keep documents apart', async () => {
    const storage = await createGatewayStorage(
      { cache: { driver: 'memory' }, default: { driver: 'memory' } },
      undefined,
    )
    await storage.setItem('cache:a', { n: 1 })
    expect(await storage.getItem('cache:a')).toEqual({ n: 1 })
    expect(await storage.getItem('a')).toBeNull()
  })

  it('name a driver that does not exist', async () => {
    await expect(createGatewayStorage({ cache: { driver: 'floppy' } }, undefined)).rejects.toThrow(
      'storage: unknown driver "floppy". Use one of unstorage\'s, such as memory, fs-lite or redis.',
    )
  })

  it('name the package that a driver wants', async () => {
    // Vercel's client is no dependency of anything here.
    await expect(createGatewayStorage({ cache: { driver: 'vercel-kv' } }, undefined)).rejects.toThrow(
      /storage: the driver "vercel-kv" needs the package @vercel\/kv, which is not installed\. Run npm i @vercel\/kv\./,
    )
  })
})
