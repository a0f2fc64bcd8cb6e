/**
 * Conformance suites for providers, plugins and callbacks of your own: `@ungate/gateway/testing`. They run under Vitest,
 * which the project that uses them brings.
 */
export { testProvider } from './provider.ts'
export { openAIFixtures, withUsageOnFinish } from './openai-fixtures.ts'
export type { AnswerFixture, ErrorFixture, FeatureFixture, ProviderSuite, SentRequest } from './provider-fixtures.ts'
export { testPlugin } from './plugin.ts'
export type { PluginSuite } from './plugin.ts'
export { testCallback } from './callback.ts'
export type { CallbackSuite } from './callback.ts'
export { testCounters } from './counters.ts'
export type { CountersSuite } from './counters.ts'
export { testStorage } from './storage.ts'
export type { StorageSuite } from './storage.ts'
