import { beforeEach, expect, it } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { AnyPluginDefinition } from '../../src/index.ts'
import { instantMock } from '../support/serve.ts'

const closed: string[] = []
beforeEach(() => void (closed.length = 0))

/** A plugin that notes when it is closed, and may fail to. */
function noting(name: string, failure?: string): AnyPluginDefinition {
  const close = () => {
    closed.push(name)
    if (failure !== undefined) throw new Error(failure)
  }
  return definePlugin({ name, options: z.object({}), setup: () => ({ close }) })
}

/** As {@link noting}, and hears events. */
function hearing(name: string): AnyPluginDefinition {
  const setup = () => ({ event: () => {}, close: () => void closed.push(name) })
  return definePlugin({ name, options: z.object({}), setup })
}

const failing = definePlugin({
  name: 'failing',
  options: z.object({}),
  setup() {
    throw new Error('no such database')
  },
})

it('closes the plugins that are set up when a later one cannot be', async () => {
  const use = [noting('one'), hearing('ears'), noting('two', 'stuck'), failing, noting('never')]
  await expect(createGateway({ ...instantMock, use })).rejects.toThrow('no such database')
  expect(closed).toEqual(['two', 'one', 'ears'])
})

it('closes every plugin, whichever fails to close, and says what failed', async () => {
  const one = await createGateway({ ...instantMock, use: [noting('one'), hearing('ears'), noting('two', 'stuck')] })
  await expect(one.close()).rejects.toThrow('stuck')
  expect(closed).toEqual(['two', 'one', 'ears'])
  const two = await createGateway({ ...instantMock, use: [noting('one', 'stuck'), noting('two', 'jammed')] })
  await expect(two.close()).rejects.toMatchObject({ errors: [new Error('jammed'), new Error('stuck')] })
})

it('closes each plugin once', async () => {
  const gateway = await createGateway({ ...instantMock, use: [noting('one')] })
  await Promise.all([gateway.close(), gateway.close()])
  expect(closed).toEqual(['one'])
})

it.each([
  [new Error('no such database'), 'no such database'],
  [
    new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED ::1:1') }),
    'fetch failed: connect ECONNREFUSED ::1:1',
  ],
  ['a text', 'a text'],
])('says which plugin could not be set up: %s', async (thrown, words) => {
  const setup = () => {
    throw thrown
  }
  const use = [definePlugin({ name: 'broken', options: z.object({}), setup })]
  const message = `The plugin broken (config) could not be set up: ${words}`
  await expect(createGateway({ ...instantMock, use })).rejects.toThrow(new Error(message))
})
