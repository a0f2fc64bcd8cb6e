import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createDrain } from '../../plugins/ledger/drain.ts'
import { toLine } from '../../plugins/ledger/line.ts'
import { migrate } from '../../plugins/ledger/migrate.ts'
import { openSqlite } from '../../plugins/ledger/sqlite.ts'
import { entry, temporaryFolder } from './support.ts'

it('removes what was taken over once it is in the database, room on the disk included', async () => {
  const journal = temporaryFolder()
  const folder = join(journal, 'own')
  const left = join(folder, 'left')
  mkdirSync(left, { recursive: true })
  writeFileSync(join(folder, 'owner.json'), '{}')
  writeFileSync(join(left, 'owner.json'), '{}')
  writeFileSync(join(left, '000000000001.log'), toLine(entry({ id: 'a' })))
  writeFileSync(join(left, '000000000002.spare'), Buffer.alloc(1000))
  const database = await openSqlite(':memory:', folder)
  onTestFinished(() => database.close())
  await migrate(database)
  const drain = createDrain({ folder, journal, report: () => {} })
  while (await drain.step(database));
  expect(await database.all('SELECT request_id FROM ungate_spend_logs')).toEqual([{ request_id: 'a' }])
  expect(existsSync(left)).toBe(false)
  expect(readdirSync(folder)).toEqual(['owner.json'])
})
