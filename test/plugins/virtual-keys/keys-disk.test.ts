import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import type * as FsPromises from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { logger } from '../../../src/index.ts'
import { keyGateway } from './keys-support.ts'

/** What writing and reading fail with; nothing where they work. */
const disk = vi.hoisted(() => ({ write: undefined as string | undefined, read: undefined as string | undefined }))

/** A disk that has no room, or cannot be read: only root could make one, and then only on Linux. */
vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof FsPromises>()
  const fail = (code: string, what: string) => Object.assign(new Error(`${code}: no luck, ${what}`), { code })
  return {
    ...real,
    async open(...args: Parameters<typeof real.open>) {
      const file = await real.open(...args)
      const { write } = disk
      if (write) file.writeFile = () => Promise.reject(fail(write, 'write'))
      return file
    },
    async readFile(...args: Parameters<typeof real.readFile>) {
      if (disk.read && String(args[0]).includes('directory')) throw fail(disk.read, `open '${String(args[0])}'`)
      return real.readFile(...args)
    },
  }
})

let root: string
let errors: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gateway-disk-'))
  errors = vi.spyOn(logger, 'error').mockImplementation(() => {})
})
afterEach(() => {
  Object.assign(disk, { write: undefined, read: undefined })
  errors.mockRestore()
})

async function start() {
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return keyGateway({}, root)
}

test.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])(
  'a disk that takes nothing (%s) is a store that is away',
  async (code) => {
    const { mint, chat, post } = await start()
    const { key, token } = await mint()
    expect((await chat(key)).status).toBe(200)
    disk.write = code
    for (const [path, body] of [
      ['/key/generate', {}],
      ['/key/update', { key: token, models: ['small'] }],
      ['/key/block', { key: token }],
    ] as const) {
      const refused = await post(path, body)
      expect([path, refused.status, refused.error?.code]).toEqual([path, 503, 'store_away'])
      expect(refused.headers.get('retry-after')).toBe('1')
      expect(JSON.stringify(refused.body)).not.toContain(root)
    }
    const told = errors.mock.calls.map((call: unknown[]) => call.map(String).join(' '))
    expect(told).toHaveLength(1)
    expect(told[0]).toContain(code)
    expect(told[0]).toContain(join(root, '.data', 'documents'))
    // Nothing was changed, and nothing is left behind.
    expect((await chat(key)).status).toBe(200)
    const files = readdirSync(root, { recursive: true }) as string[]
    expect(files.filter((file) => file.endsWith('.tmp'))).toEqual([])
    disk.write = undefined
    expect((await post('/key/block', { key: token })).status).toBe(200)
    expect((await chat(key)).status).toBe(401)
  },
)

test('a disk that cannot be read is one too; known keys go on', async () => {
  const { mint, chat } = await start()
  const { key } = await mint()
  expect((await chat(key)).status).toBe(200)
  disk.read = 'EACCES'
  const refused = await chat('sk-unknown')
  expect(refused).toMatchObject({ status: 503, error: { code: 'store_away' } })
  expect(JSON.stringify(refused.body)).not.toContain(root)
  expect((await chat(key)).status).toBe(200)
  expect(errors).toHaveBeenCalledTimes(1)
  disk.read = undefined
  expect((await chat('sk-unknown')).status).toBe(401)
})
