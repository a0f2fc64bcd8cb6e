import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'

it('keeps nothing where it is told to, though a database is named', async () => {
  const root = mkdtempSync(join(tmpdir(), 'gateway-no-ledger-'))
  const gateway = await createGateway(
    { models: [{ name: 'm', model: 'mock/echo' }], counters: { journal: false } },
    {
      env: {},
      root,
      litellm: {
        'general_settings.database_url': 'postgres://127.0.0.1:1/x',
        'general_settings.disable_spend_logs': true,
      },
    },
  )
  const answer = await gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  expect(answer.status).toBe(200)
  expect((await gateway.fetch('http://gateway/ledger/status')).status).toBe(404)
  await gateway.close()
  expect(readdirSync(root)).toEqual([])
  rmSync(root, { recursive: true })
})
