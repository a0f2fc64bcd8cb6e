import { describe, expect, onTestFinished, test } from 'vitest'
import type { AnyPluginDefinition, LogRecord } from '@ungate/gateway'
import { makeEveryKindOfCall, OUTCOMES } from './every-kind-of-call.ts'
import { startGateway, until } from './gateway-under-test.ts'
import { failOnLoggedErrors } from './logged-errors.ts'
import type { GatewayUnderTest } from './gateway-under-test.ts'
import { suiteProvider } from './suite-provider.ts'

/** What `testCallback` needs to know of a callback. */
export interface CallbackSuite {
  definition: AnyPluginDefinition
  options?: Record<string, unknown>
  /** How many records have arrived where the callback takes them to. Absent: only what it was given is counted. */
  delivered?(): number | Promise<number>
}

type Log = (record: LogRecord) => unknown

const CANARY = 'canary-prompt-5f1e'

/**
 * What every logging callback must hold: one record per call, whole, streamed, failed or aborted; what it does or does
 * not do never reaches an answer; everything is delivered before the gateway has closed.
 */
export function testCallback(suite: CallbackSuite): void {
  const { definition } = suite

  describe(`callback ${definition.name}`, () => {
    const logged = failOnLoggedErrors()
    const report = (what: string) => OUTCOMES.map(() => `callback ${definition.name} failed: Error: ${what}`)

    test('gets one record per call, failed, streamed and aborted ones too, and delivers all before the close', async () => {
      const before = (await suite.delivered?.()) ?? 0
      const seen: LogRecord[] = []
      const under = await start(suite, (log) => (record) => {
        seen.push(record)
        return log(record)
      })
      await makeEveryKindOfCall(under)
      await under.close()
      const told = OUTCOMES.map(({ status, stream, aborted }) => ({ status, stream, aborted }))
      expect(seen.map(({ status, stream, aborted }) => ({ status, stream, aborted }))).toEqual(told)
      expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length)
      for (const record of seen)
        expect(record).toMatchObject({ wire: 'openai.chat', path: '/chat/completions', at: expect.any(Number) })
      if (suite.delivered) expect((await suite.delivered()) - before).toBe(seen.length)
    })

    test('is told no prompt and no answer', async () => {
      const seen: LogRecord[] = []
      const under = await start(suite, (log) => (record) => {
        seen.push(record)
        return log(record)
      })
      await under.post({ model: 'suite', messages: [{ role: 'user', content: CANARY }] })
      await under.close()
      expect(seen).toHaveLength(1)
      expect(JSON.stringify(seen)).not.toMatch(new RegExp(`${CANARY}|Hello`))
    })

    test('throwing does not touch the answers', async () => {
      const under = await start(suite, (log) => (record) => {
        log(record)
        throw new Error('thrown on purpose')
      })
      await makeEveryKindOfCall(under)
      await under.close()
      expect(logged.take()).toEqual(report('thrown on purpose'))
    })

    test('rejecting does not touch the answers', async () => {
      const under = await start(suite, (log) => async (record) => {
        await log(record)
        throw new Error('rejected on purpose')
      })
      await makeEveryKindOfCall(under)
      await under.close()
      expect(logged.take()).toEqual(report('rejected on purpose'))
    })

    test('hanging does not touch the answers', async () => {
      let release = () => {}
      const hung = new Promise<void>((resolve) => (release = resolve))
      const under = await start(suite, (log) => async (record) => {
        await hung
        await log(record)
      })
      await makeEveryKindOfCall(under)
      await until('the records of the others', () => under.records.length === OUTCOMES.length)
      release()
    })

    test('is waited for when the gateway closes', async () => {
      let done = 0
      const under = await start(suite, (log) => async (record) => {
        await new Promise((resolve) => setTimeout(resolve, 30))
        await log(record)
        done++
      })
      await makeEveryKindOfCall(under)
      await under.close()
      expect(done).toBe(OUTCOMES.length)
    })
  })
}

/** A gateway with the callback in it, its `log` wrapped. */
async function start(suite: CallbackSuite, wrap: (log: Log) => Log): Promise<GatewayUnderTest> {
  const { name } = suite.definition
  const definition = {
    ...suite.definition,
    async setup(options: never, gateway: never) {
      const plugin = await suite.definition.setup(options, gateway)
      if (!plugin?.log) throw new Error(`${name} has no log stage`)
      return { ...plugin, log: wrap(plugin.log.bind(plugin)) }
    },
  } as AnyPluginDefinition
  const under = await startGateway({
    models: [{ name: 'suite', model: 'suite-provider/suite-model' }],
    plugins: { retry: { retries: 0 }, [name]: suite.options ?? {} },
    use: [suiteProvider, definition],
  })
  onTestFinished(() => under.close())
  return under
}
