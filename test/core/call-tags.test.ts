import { expect, it, onTestFinished } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { LogRecord } from '../../src/index.ts'
import { startUpstream } from '../support/upstream.ts'

/** The tags that a call to a path is recorded with. */
async function tagsOf(path: string, fields: object): Promise<readonly string[] | undefined> {
  const upstream = await startUpstream((_call, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ choices: [], output: [] }))
  })
  const records: LogRecord[] = []
  const watch = definePlugin({
    name: 'watch',
    options: z.object({}),
    setup: () => ({ record: (record) => void records.push(record) }),
  })
  const gateway = await createGateway(
    { models: [{ name: 'm', model: 'openai/m', apiKey: 'sk-upstream-key', baseURL: upstream.url }], use: [watch] },
    { env: {} },
  )
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const response = await gateway.fetch(`http://gateway${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', ...fields }),
  })
  await response.text()
  return records[0]!.tags
}

const chat = { messages: [{ role: 'user', content: 'Hi' }] }

it('takes tags from `litellm_metadata`, where calls carry them whose `metadata` is for the provider', async () => {
  expect(await tagsOf('/v1/responses', { input: 'Hi', litellm_metadata: { tags: ['a'] } })).toEqual(['a'])
  expect(await tagsOf('/v1/chat/completions', { ...chat, litellm_metadata: { tags: ['a'] } })).toEqual(['a'])
})

it('adds the tags of all places, each once', async () => {
  const fields = { ...chat, tags: ['a'], metadata: { tags: ['b', 'a'] }, litellm_metadata: { tags: ['c', 'b'] } }
  expect(await tagsOf('/v1/chat/completions', fields)).toEqual(['a', 'b', 'c'])
})
