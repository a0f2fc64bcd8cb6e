import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openDatabase } from '../../plugins/ledger/database.ts'
import { migrate } from '../../plugins/ledger/migrate.ts'
import { writeBatch } from '../../plugins/ledger/write-batch.ts'
import { logger } from '../../src/logger.ts'
import { entry, ledgerGateway, temporaryFolder } from './support.ts'

const refuse = (_bad: unknown, error: Error) => {
  throw error
}
const count = async ({ json }: Awaited<ReturnType<typeof ledgerGateway>>) =>
  ((await json('admin', '/spend/logs')) as unknown[]).length

it.each([
  ['deleted', (file: string) => rmSync(file)],
  ['moved away', (file: string) => renameSync(file, `${file}.old`)],
  [
    'replaced by a backup',
    (file: string) => {
      copyFileSync(`${file}.backup`, `${file}.copy`)
      renameSync(`${file}.copy`, file)
    },
  ],
])('rows go into the file that is there: one that is %s is opened anew', async (_what, remove) => {
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
  vi.spyOn(logger, 'info').mockImplementation(() => {})
  vi.spyOn(logger, 'error').mockImplementation(() => {})
  onTestFinished(() => void vi.restoreAllMocks())
  const root = temporaryFolder()
  const file = join(root, 'ledger.db')
  const backup = await openDatabase('sqlite:ledger.db.backup', root)
  await migrate(backup)
  await backup.close()
  const gateway = await ledgerGateway({ url: 'sqlite:ledger.db' }, {}, root)
  await (await gateway.chat('alice')).text()
  expect(await count(gateway)).toBe(1)
  remove(file)
  for (const name of ['-wal', '-shm']) rmSync(file + name, { force: true })
  await (await gateway.chat('alice')).text()
  await (await gateway.chat('alice')).text()
  await vi.waitFor(async () => expect(await count(gateway)).toBe(2), { timeout: 10_000 })
  expect(existsSync(file)).toBe(true)
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/deleted or replaced/))
})

it('a batch is not done where the file went while it was written', async () => {
  const root = temporaryFolder()
  const database = await openDatabase('sqlite:ledger.db', root)
  onTestFinished(() => database.close())
  await migrate(database)
  expect(database.there?.()).toBe(true)
  await writeBatch(database, [entry({ id: 'a' })], refuse)
  rmSync(join(root, 'ledger.db'))
  expect(database.there?.()).toBe(false)
  await expect(writeBatch(database, [entry({ id: 'b' })], refuse)).rejects.toThrow('deleted or replaced')
})
