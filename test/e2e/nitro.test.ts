import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import OpenAI from 'openai'
import { expect, it } from 'vitest'
import { start } from '../support/process.ts'

const example = fileURLToPath(new URL('../../examples/nitro/', import.meta.url))
const bin = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url))

it('runs as a route of a built Nitro app', { timeout: 90_000 }, async () => {
  await promisify(execFile)(`${bin}nitro`, ['build'], { cwd: example })
  const { PATH } = process.env
  const server = start(process.execPath, ['.output/server/index.mjs'], {
    cwd: example,
    env: { PATH, PORT: '0', HOST: '127.0.0.1' },
  })
  try {
    const url = (await server.waitFor(/http:\/\/[^\s/]+/))[0]
    const client = new OpenAI({ baseURL: `${url}/ai/v1`, apiKey: 'x', maxRetries: 0 })
    let text = ''
    const messages = [{ role: 'user' as const, content: 'Hello' }]
    const stream = await client.chat.completions.create({ model: 'mock/echo', messages, stream: true })
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe('Hello')
    expect(await (await fetch(url)).text()).toContain('The app itself')
  } finally {
    await server.stop()
  }
})
