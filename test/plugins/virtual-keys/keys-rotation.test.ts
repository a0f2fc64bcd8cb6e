import { describe, expect, test } from 'vitest'
import { keyGateway } from './keys-support.ts'
import type { KeyGateway } from './keys-support.ts'

const statuses = async ({ chat }: KeyGateway, ...keys: string[]) => {
  const found: number[] = []
  for (const key of keys) found.push((await chat(key)).status)
  return found
}
const rotate = async ({ post }: KeyGateway, key: string, body = {}, by?: string) => {
  const answer = await post('/key/regenerate', { key, ...body }, by)
  expect(answer.error).toBeUndefined()
  return answer.body as Record<string, unknown> & { key: string }
}

describe('a regenerated key goes on with the limits of the old one', () => {
  test('its requests of this minute', async () => {
    const used = await keyGateway()
    const old = await used.mint({ rpm_limit: 3 })
    expect(await statuses(used, old.key)).toEqual([200])
    const next = await rotate(used, old.key)
    expect(await statuses(used, next.key)).toEqual([200])
    const last = await rotate(used, next.key)
    expect(await statuses(used, last.key, last.key)).toEqual([200, 429])
    expect(last).not.toHaveProperty('counted_as')
    const higher = await rotate(used, last.key, { rpm_limit: 4 })
    expect(await statuses(used, higher.key, higher.key)).toEqual([200, 429])
  })

  test('its tokens, and its requests of a model', async () => {
    const used = await keyGateway()
    const tokens = await used.mint({ tpm_limit: 60 })
    expect((await used.chat(tokens.key, { max_tokens: 40 })).status).toBe(200)
    const next = await rotate(used, tokens.key)
    expect((await used.chat(next.key, { max_tokens: 40 })).status).toBe(429)
    const model = await used.mint({ model_rpm_limit: { small: 1 } })
    expect(await statuses(used, model.key)).toEqual([200])
    const other = await rotate(used, model.key)
    expect(await statuses(used, other.key)).toEqual([429])
    expect((await used.chat(other.key, { model: 'large' })).status).toBe(200)
  })

  test('together with the old one in its grace period', async () => {
    const used = await keyGateway()
    const old = await used.mint({ rpm_limit: 3 })
    const next = await rotate(used, old.key, { grace_period: '1h' })
    expect(await statuses(used, old.key, next.key, old.key, next.key, old.key)).toEqual([200, 200, 200, 429, 429])
  })

  test('its calls under way', async () => {
    const used = await keyGateway({ providers: { mock: { pace: 50, latency: 0 } } })
    const old = await used.mint({ max_parallel_requests: 1 })
    const stream = await used.gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${old.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'small', messages: [{ role: 'user', content: 'Hi' }], stream: true }),
    })
    const reader = stream.body!.getReader()
    await reader.read()
    const next = await rotate(used, old.key, { grace_period: '1h' })
    expect(await statuses(used, next.key, old.key)).toEqual([429, 429])
    await reader.cancel()
    await expect.poll(() => statuses(used, next.key)).toEqual([200])
  })

  test('where its user made it anew too', async () => {
    const used = await keyGateway()
    await used.post('/user/new', { user_id: 'u', user_role: 'internal_user' })
    const key = await used.mint({ user_id: 'u' })
    const limited = await used.mint({ user_id: 'u', rpm_limit: 1 })
    expect(await statuses(used, limited.key)).toEqual([200])
    const next = await rotate(used, limited.key, {}, key.key)
    expect(await statuses(used, next.key)).toEqual([429])
  })
})
