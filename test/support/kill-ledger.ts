import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { start } from './process.ts'

export interface KillRound {
  /** Answers that the client read to their end. */
  readonly answered: number
  /** Of those, calls without a row, and calls with more than one. */
  readonly missing: number
  readonly double: number
  /** Rows of calls whose answer did not arrive. */
  readonly unanswered: number
  readonly perSecond: number
}

const bin = fileURLToPath(new URL('../../bin/gateway.js', import.meta.url))
const CLIENTS = 16

/**
 * Kills a gateway (SIGKILL) under load, starts it again, and compares its ledger with what the client received. All rounds
 * use one folder: what one leaves behind, the next finds.
 */
export async function killLedger(rounds: number, milliseconds: () => number): Promise<KillRound[]> {
  const root = mkdtempSync(join(tmpdir(), 'ledger-kill-'))
  const config = {
    models: [{ name: 'fast', model: 'mock/mock' }],
    providers: { mock: { pace: 0, latency: 0 } },
    plugins: { ledger: {} },
  }
  writeFileSync(join(root, 'gateway.config.json'), JSON.stringify(config))
  try {
    const results: KillRound[] = []
    let before = 0
    for (let round = 0; round < rounds; round++) {
      const { answered, perSecond } = await killUnderLoad(root, milliseconds())
      // Starts with what was left, and ends in peace: then everything is in the database.
      const again = await startGateway(root)
      await again.stop('SIGTERM')
      const counts = countRows(root)
      const rows = [...counts.values()].reduce((sum, count) => sum + count, 0)
      results.push({
        answered: answered.length,
        missing: answered.filter((id) => !counts.has(id)).length,
        double: answered.filter((id) => (counts.get(id) ?? 0) > 1).length,
        unanswered: rows - before - answered.length,
        perSecond,
      })
      before = rows
    }
    const left = readdirSync(join(root, '.data/journal'))
    if (left.length > 0) throw new Error(`the journal still holds ${left.join(', ')}`)
    return results
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function startGateway(root: string) {
  const env = { PATH: process.env['PATH'] }
  const running = start(process.execPath, [bin, 'start', '--port', '0'], { cwd: root, env })
  const [, url] = await running.waitFor(/Listening on (http:\S+)/)
  return { ...running, url: url! }
}

async function killUnderLoad(root: string, ms: number): Promise<{ answered: string[]; perSecond: number }> {
  const gateway = await startGateway(root)
  const answered: string[] = []
  let alive = true
  const client = async (number: number) => {
    for (let i = 0; alive; i++) {
      const body = { model: 'fast', stream: (i + number) % 3 === 0, messages: [{ role: 'user', content: 'Hello' }] }
      try {
        const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        const text = await answer.text()
        if (answer.status === 200 && (!body.stream || text.endsWith('data: [DONE]\n\n'))) {
          answered.push(answer.headers.get('x-litellm-call-id')!)
        }
      } catch {
        // The gateway was killed.
      }
    }
  }
  const began = performance.now()
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number))
  await new Promise((resolve) => setTimeout(resolve, ms))
  await gateway.stop('SIGKILL')
  const seconds = (performance.now() - began) / 1000
  alive = false
  await Promise.all(clients)
  return { answered, perSecond: Math.round(answered.length / seconds) }
}

function countRows(root: string): Map<string, number> {
  const database = new DatabaseSync(join(root, '.data/ledger.db'), { readOnly: true })
  try {
    const rows = database
      .prepare('SELECT request_id, COUNT(*) AS rows FROM ungate_spend_logs GROUP BY request_id')
      .all()
    return new Map(rows.map((row) => [String(row['request_id']), Number(row['rows'])]))
  } finally {
    database.close()
  }
}
