import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGateway } from '../../src/index.ts'

/**
 * `node scripts/ledger/disk-full.ts` (as root, Linux): a journal and a SQLite file on a disk of 24 MB that is filled up
 * under load and emptied again, for both settings of `whenFull`.
 */
for (const whenFull of ['continue', 'refuse'] as const) {
  const root = mkdtempSync(join(tmpdir(), 'ledger-full-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', root])
  try {
    await run(root, whenFull)
  } finally {
    execFileSync('umount', [root])
    rmSync(root, { recursive: true, force: true })
  }
}

async function run(root: string, whenFull: 'continue' | 'refuse'): Promise<void> {
  const gateway = await createGateway(
    {
      models: [{ name: 'fast', model: 'mock/mock' }],
      providers: { mock: { pace: 0, latency: 0 } },
      plugins: { ledger: { whenFull }, retry: { retries: 0 } },
    },
    { env: {}, root },
  )
  const answered: string[] = []
  const statuses: Record<string, number> = {}
  const load = async (milliseconds: number) => {
    const until = Date.now() + milliseconds
    for (let i = 0; Date.now() < until; i++) {
      const answer = await gateway.fetch('http://localhost/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'fast', stream: i % 2 === 0, messages: [{ role: 'user', content: 'Hello' }] }),
      })
      const text = await answer.text()
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
      if (answer.status === 200 && text.length > 0) answered.push(answer.headers.get('x-litellm-call-id')!)
      await sleep(1)
    }
  }
  const phase = async (name: string, milliseconds: number) => {
    for (const status of Object.keys(statuses)) delete statuses[status]
    await load(milliseconds)
    console.log(whenFull.padEnd(9), name.padEnd(7), JSON.stringify(statuses))
  }
  await phase('before', 1000)
  const ballast = join(root, 'ballast')
  let at = 0
  for (let size = 1 << 20; size >= 4096;) {
    try {
      writeFileSync(`${ballast}-${at++}`, Buffer.alloc(size, 1))
    } catch {
      size >>= 1
    }
  }
  await phase('full', 8000)
  for (const name of readdirSync(root)) if (name.startsWith('ballast')) unlinkSync(join(root, name))
  await sleep(7000)
  await phase('emptied', 1000)
  const status = await (await gateway.fetch('http://localhost/ledger/status')).json()
  const rows = new Map<string, number>()
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor ? `&cursor=${cursor}` : ''
    const answer = await gateway.fetch(`http://localhost/spend/logs/v2?page_size=1000${query}`)
    const page = (await answer.json()) as { data: { request_id: string }[]; next_cursor: string | null }
    for (const { request_id } of page.data) rows.set(request_id, (rows.get(request_id) ?? 0) + 1)
    cursor = page.next_cursor
  }
  const missing = answered.filter((id) => !rows.has(id)).length
  const double = [...rows.values()].filter((count) => count > 1).length
  console.log(
    whenFull.padEnd(9),
    `${answered.length} answered, ${missing} without a row, ${double} double;`,
    JSON.stringify(status),
  )
  await gateway.close()
}
