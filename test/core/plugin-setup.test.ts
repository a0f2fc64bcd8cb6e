import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
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
  await expect(one.close()).rejects.toThrow('The plugin two could not be closed: stuck')
  expect(closed).toEqual(['two', 'one', 'ears'])
  const two = await createGateway({ ...instantMock, use: [noting('one', 'stuck'), noting('two', 'jammed')] })
  await expect(two.close()).rejects.toMatchObject({
    errors: [
      new Error('The plugin two could not be closed: jammed'),
      new Error('The plugin one could not be closed: stuck'),
    ],
  })
})

it('waits twenty seconds for a plugin that hangs, and closes the others', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const setup = () => ({ close: () => new Promise<void>(() => {}) })
  const hanging = definePlugin({ name: 'hanging', options: z.object({}), setup })
  const gateway = await createGateway({ ...instantMock, use: [noting('one'), hanging] })
  const closing = expect(gateway.close()).rejects.toThrow('took longer than 20 s')
  await vi.advanceTimersByTimeAsync(20_000)
  await closing
  expect(closed).toEqual(['one'])
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
