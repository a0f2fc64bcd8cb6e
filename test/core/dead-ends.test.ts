import { expect, it, vi } from 'vitest'
import { createGateway, logger } from '../../src/index.ts'

it('aliases and pass-through names that lead to no model are warned of, others are not', async () => {
  const gateway = await createGateway(
    {
      models: [
        { name: 'a', model: 'mock/echo' },
        { name: 'x/*', model: 'mock/*' },
      ],
      aliases: { one: 'a', two: 'one', three: 'x/any', four: 'nowhere', five: 'four' },
      passThrough: { default: 'gone', routes: { '/files': 'a', '/batches': 'lost' } },
    },
    { env: {} },
  )
  try {
    expect(gateway.warnings).toEqual([
      'The alias "four" leads to "nowhere", which is no model here.',
      'The alias "five" leads to "four", which is no model here.',
      'passThrough of default names "gone", which is no model here.',
      'passThrough of /batches names "lost", which is no model here.',
    ])
  } finally {
    await gateway.close()
  }
})

it('so are fallbacks', async () => {
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => undefined)
  const fallback = {
    fallbacks: [{ a: ['b', 'nope'] }, { zzz: ['a'] }, { '*': ['x/any', 'one'] }],
    contextWindow: [{ a: ['nope'] }],
    contentPolicy: [{ 'x/any': ['gone'] }],
    default: ['a', 'lost'],
  }
  const gateway = await createGateway(
    {
      models: [
        { name: 'a', model: 'mock/echo' },
        { name: 'b', model: 'mock/echo' },
        { name: 'x/*', model: 'mock/*' },
      ],
      aliases: { one: 'a' },
      plugins: { fallback },
    },
    { env: {} },
  )
  try {
    expect(warn.mock.calls.map(([message]: unknown[]) => message)).toEqual([
      'The fallback of "a", "nope", is no model here.',
      'There are fallbacks for "zzz", which is no model here.',
      'The fallback of "x/any", "gone", is no model here.',
      'The default fallback "lost" is no model here.',
    ])
  } finally {
    warn.mockRestore()
    await gateway.close()
  }
})
