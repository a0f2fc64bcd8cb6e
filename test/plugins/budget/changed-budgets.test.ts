import { expect, it, onTestFinished, vi } from 'vitest'
import type { Gateway, GatewayConfig } from '../../../src/index.ts'
import { jwtGateway, makeKey, startProvider } from '../jwt.ts'
import { keyGateway } from '../virtual-keys/keys-support.ts'
import { priced, written } from './support.ts'

/** 1000 tokens of `priced` cost 0.1 USD: what is reserved first, and some more for the prompt. */
const config = (use: GatewayConfig['use']): GatewayConfig => ({
  models: [priced({ name: 'small' })],
  use: use!,
  plugins: { budget: { defaultOutputTokens: 1000 }, retry: { retries: 0 } },
})

async function open(gateway: Gateway, key: string, headers: Record<string, string> = {}) {
  const response = await gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({ model: 'small', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  expect(response.status).toBe(200)
  return response.text()
}

/** A stream under way, of a key that was made with a body. */
async function start(body: Record<string, unknown>, headers: Record<string, string> = {}) {
  const stream = written()
  const keys = await keyGateway(config([stream.plugin]))
  if (headers['x-litellm-customer-id']) await keys.post('/customer/new', { user_id: 'c', max_budget: 0.15 })
  const { key } = await keys.mint(body)
  const text = open(keys.gateway, key, headers)
  await vi.waitFor(() => expect(stream.started()).toBe(true))
  const update = async (more: Record<string, unknown>) =>
    expect((await keys.post('/key/update', { key, ...more })).status).toBe(200)
  return { ...stream, ...keys, update, text }
}

it.each([
  ['raised', { max_budget: 1 }],
  ['taken away', { max_budget: null }],
])('a stream goes on where the budget it began under is %s', async (_how, change) => {
  const { write, update, stopped, finish, text } = await start({ max_budget: 0.15 })
  await update(change)
  for (const tokens of [850, 600, 600]) await write(tokens)
  expect(stopped).toEqual([])
  finish()
  await text
})

it('a stream takes no more of a budget that was lowered since it began', async () => {
  const { write, update, stopped, text } = await start({ max_budget: 1 })
  await update({ max_budget: 0.11 })
  await write(850)
  await write(100)
  expect(stopped).toEqual([])
  await write(160)
  expect(stopped).toMatchObject([{ code: 'budget_exceeded', message: expect.stringContaining('Max budget: 0.11') }])
  await text
})

it('nor of an increase that has ended', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const temp_budget_expiry = new Date(Date.now() + 60_000).toISOString()
  const { write, stopped, text } = await start({ max_budget: 0.11, temp_budget_increase: 1, temp_budget_expiry })
  vi.setSystemTime(Date.now() + 61_000)
  await write(850)
  await write(260)
  expect(stopped).toMatchObject([{ code: 'budget_exceeded', message: expect.stringContaining('Max budget: 0.11') }])
  await text
})

it('what a key is deleted or blocked for ends no stream', async () => {
  for (const path of ['/key/delete', '/key/block']) {
    const { write, post, read, stopped, finish, text } = await start({ max_budget: 1, key_alias: 'k' })
    const keys = (await read('/key/list?return_full_object=true')).body['keys'] as { token: string }[]
    const [{ token }] = keys as [{ token: string }]
    await post(path, path === '/key/delete' ? { keys: [token] } : { key: token })
    for (const tokens of [850, 600, 600]) await write(tokens)
    expect(stopped).toEqual([])
    finish()
    await text
  }
})

it('the budget of an end user counts as it is now, too', async () => {
  const { write, post, stopped, finish, text } = await start({}, { 'x-litellm-customer-id': 'c' })
  expect((await post('/customer/update', { user_id: 'c', max_budget: 1 })).status).toBe(200)
  for (const tokens of [850, 600, 600]) await write(tokens)
  expect(stopped).toEqual([])
  finish()
  await text
})

it('and that of a token’s team', async () => {
  const rsa = await makeKey('one')
  const idp = await startProvider([rsa])
  const stream = written()
  const { gateway, directory } = await jwtGateway(
    { jwksUrl: idp.url, audience: 'gateway', teamIdField: 'team' },
    {
      documents: { team: [{ team_id: 'blue', max_budget: 0.15 }] },
      config: config([stream.plugin]),
    },
  )
  const text = open(gateway, await idp.sign(rsa, { team: 'blue' }))
  await vi.waitFor(() => expect(stream.started()).toBe(true))
  await directory.update('team', 'blue', (team) => ({ ...team!, max_budget: 1 }))
  for (const tokens of [850, 600, 600]) await stream.write(tokens)
  expect(stream.stopped).toEqual([])
  stream.finish()
  await text
})
