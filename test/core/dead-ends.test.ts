import { expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'

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
