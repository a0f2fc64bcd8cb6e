import { describe, expect, onTestFinished, test } from 'vitest'
import type { AnyPluginDefinition, GatewayConfig, GatewayPlugin } from '@ungate/gateway'
import { makeEveryKindOfCall } from './every-kind-of-call.ts'
import { startGateway, until } from './gateway-under-test.ts'
import type { GatewayUnderTest } from './gateway-under-test.ts'
import { failOnLoggedErrors } from './logged-errors.ts'
import { suiteProvider } from './suite-provider.ts'

/** What `testPlugin` needs to know of a plugin. */
export interface PluginSuite {
  definition: AnyPluginDefinition
  /** Options with which the plugin lets ordinary calls pass. Default: none, for plugins whose options have defaults. */
  options?: Record<string, unknown>
  /** Headers that calls must carry to be admitted with these options. */
  headers?: Record<string, string>
  /** More of the gateway's config, where the plugin needs it (storage mounts, other plugins). */
  config?: GatewayConfig
}

const STAGES = ['auth', 'rateLimit', 'budget', 'route', 'provider', 'record', 'log', 'event', 'close']
/** Of these at least one is wrong for any option that checks at all. */
const WRONG: readonly unknown[] = [
  Number.NaN,
  { nonsense: { nonsense: true } },
  'nonsense',
  -1.5,
  [['nonsense']],
  null,
  true,
]

/**
 * What every plugin must hold: set up with its options, wrong options named by their path, stages that are functions,
 * calls of every kind answered, nothing thrown outside of a call, closed twice without harm.
 *
 * @example
 * testPlugin({ definition: officeHours, options: { from: 8, to: 18 } })
 */
export function testPlugin(suite: PluginSuite): void {
  const { definition, options = {} } = suite
  const { name } = definition

  describe(`plugin ${name}`, () => {
    failOnLoggedErrors()
    test('is a plugin by its definition', () => {
      expect(definition.kind).toBe('plugin')
      expect(name).toMatch(/^[a-z][a-z0-9-]*$/)
      expect(definition.description ?? 'one line').not.toMatch(/\n/)
      expect([undefined, 'pre', 'post']).toContain(definition.order)
    })

    test('is set up with its options, and has the stages it says', async () => {
      const { under, plugins } = await start(suite)
      const plugin = plugins[0] ?? {}
      for (const [key, value] of Object.entries(plugin)) {
        if (key === 'authenticates') expect(typeof value).toBe('boolean')
        else {
          expect(STAGES).toContain(key)
          expect(typeof value, key).toBe('function')
        }
      }
      const info = under.gateway.plugins.find((each) => each.kind === 'plugin' && each.name === name)
      expect(info).toMatchObject({ enabled: true, from: 'config' })
      expect([...info!.stages].sort()).toEqual(
        Object.keys(plugin)
          .filter((key) => STAGES.includes(key) && key !== 'close')
          .sort(),
      )
    })

    test('wrong options stop the start and are named by their path', async () => {
      await expect(startWith(suite, 'nonsense')).rejects.toThrow(`plugins.${name}`)
      for (const { key, value } of wrongOptions(suite)) {
        await expect(startWith(suite, { ...options, [key]: value }), key).rejects.toThrow(`plugins.${name}.${key}`)
      }
    })

    test('calls of every kind are answered, and nothing is thrown outside of them', async () => {
      const thrown = watchProcess()
      const { under } = await start(suite)
      await makeEveryKindOfCall(under, suite)
      await until('all log records', () => under.records.length >= 6)
      await new Promise((resolve) => setTimeout(resolve, 10))
      expect(thrown).toEqual([])
    })

    test('closes, also twice', async () => {
      const { under, plugins } = await start(suite)
      await under.close()
      await under.close()
      await plugins[0]?.close?.()
      await plugins[0]?.close?.()
    })

    test('can be switched off', async () => {
      const under = await startGateway(configOf(suite, false))
      onTestFinished(() => under.close())
      expect(under.gateway.plugins.find((each) => each.name === name)).toMatchObject({ enabled: false, stages: [] })
    })
  })
}

/** A gateway with the plugin in it, and what its `setup` has returned. */
async function start(suite: PluginSuite): Promise<{ under: GatewayUnderTest; plugins: GatewayPlugin[] }> {
  const plugins: GatewayPlugin[] = []
  const definition: AnyPluginDefinition = {
    ...suite.definition,
    async setup(options, gateway) {
      const plugin = await suite.definition.setup(options, gateway)
      if (plugin) plugins.push(plugin)
      return plugin
    },
  }
  const under = await startGateway(configOf({ ...suite, definition }, suite.options ?? {}))
  onTestFinished(() => under.close())
  return { under, plugins }
}

async function startWith(suite: PluginSuite, options: unknown): Promise<void> {
  const under = await startGateway(configOf(suite, options))
  await under.close()
}

function configOf({ definition, config = {} }: PluginSuite, options: unknown): GatewayConfig {
  return {
    ...config,
    models: [{ name: 'suite', model: 'suite-provider/suite-model' }, ...(config.models ?? [])],
    plugins: { retry: { retries: 0 }, ...config.plugins, [definition.name]: options },
    use: [suiteProvider, definition, ...(config.use ?? [])],
  } as GatewayConfig
}

/** One wrong value for every option that can be wrong. */
function wrongOptions({ definition, options = {} }: PluginSuite): { key: string; value: unknown }[] {
  const shape = (definition.options as { shape?: Record<string, unknown> }).shape ?? {}
  return Object.keys(shape).flatMap((key) => {
    const value = WRONG.find((candidate) => {
      const result = definition.options.safeParse({ ...options, [key]: candidate })
      return !result.success && result.error.issues[0]?.path[0] === key
    })
    return value === undefined ? [] : [{ key, value }]
  })
}

/** What is thrown where nobody waits for it. */
function watchProcess(): unknown[] {
  const thrown: unknown[] = []
  const note = (error: unknown) => void thrown.push(error)
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
  onTestFinished(() => {
    process.off('unhandledRejection', note)
    process.off('uncaughtException', note)
  })
  return thrown
}
