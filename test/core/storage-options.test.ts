import { expect, test } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { createGatewayStorage } from '../../src/storage.ts'

const open = (mount: { driver: string; [option: string]: unknown }) => createGatewayStorage({ docs: mount }, undefined)

test.each([
  ['overlay', {}, 'storage.docs.layers: the driver "overlay" needs this: a list of'],
  ['overlay', { layers: [] }, 'storage.docs.layers: '],
  ['overlay', { layers: [{ driver: 'memory' }] }, 'storage.docs.layers: '],
  ['http', {}, 'storage.docs.base: the driver "http" needs this: the URL of'],
  ['http', { base: '/documents' }, 'storage.docs.base: '],
  ['github', {}, 'storage.docs.repo: the driver "github" needs this: '],
  ['github', { repo: 'documents' }, 'storage.docs.repo: '],
  ['db0', {}, 'storage.docs.database: the driver "db0" needs this: '],
  ['db0', { database: 'sqlite' }, 'storage.docs.database: '],
])('%s without what it needs stops the start: %j', async (driver, options, message) => {
  await expect(open({ driver, ...options })).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringContaining(message),
  })
})

test('the message begins with the file', async () => {
  const config = { storage: { docs: { driver: 'http' } } }
  await expect(createGateway(config, { env: {}, source: 'gateway.config.yaml' })).rejects.toThrow(
    /^gateway\.config\.yaml: storage\.docs\.base: /,
  )
})

test('what a driver itself says of its options names the mount', async () => {
  await expect(open({ driver: 'cloudflare-kv-http' })).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringMatching(/^storage\.docs: the driver "cloudflare-kv-http" cannot be used: .*accountId/),
  })
})

test('with what it needs a driver is taken', async () => {
  const { default: memory } = await import('unstorage/drivers/memory')
  for (const mount of [
    { driver: 'overlay', layers: [memory()] },
    { driver: 'http', base: 'http://127.0.0.1:1/documents' },
    { driver: 'github', repo: 'acme/documents' },
  ]) {
    const storage = await open(mount)
    expect(storage.getMount('docs:a').driver.name).toBe(mount.driver)
    await storage.dispose()
  }
})
