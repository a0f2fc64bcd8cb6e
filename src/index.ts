export * from './types/call.ts'
export * from './types/chat.ts'
export * from './types/provider.ts'
export * from './types/config.ts'
export * from './types/plugin.ts'
// The options of what is built in belong to the types of a config; nothing else in the declarations names them.
export type {} from './registry.gen.ts'
export * from './types/counters.ts'
export * from './types/lifecycle.ts'
export * from './types/prices.ts'
export * from './types/governance.ts'
export * from './types/directory.ts'
export * from './types/events.ts'
export * from './define.ts'
export * from './error.ts'
export { z } from 'zod'
export { makeOpenAILike, openAIEndpoints, openAILikeOptions, openAILikeProvider } from './openai-like.ts'
export type { OpenAILike, OpenAILikeOptions, OpenAITarget } from './openai-like.ts'
export { callOrder } from './call-order.ts'
export { rewriteBody, rewriteBytes } from './json-scan.ts'
export type { BodyEdits } from './json-scan.ts'
export { readOpenAIError } from './openai-error.ts'
export { ByteStream } from './byte-stream.ts'
export { createGateway } from './gateway.ts'
export type { CreateGatewayOptions, Gateway } from './gateway.ts'
export { mayUseModel, resolveAlias } from './model-access.ts'
export { callerNow, findCallerBy } from './caller-now.ts'
export { endUserOf } from './end-user.ts'
export {
  budgetFieldsToScope,
  mergeBudgetFields,
  modelBudgetId,
  readModelBudget,
  toNano,
} from './directory/to-scopes.ts'
export type { ScopeSource } from './directory/to-scopes.ts'
export { scopeOf } from './directory/scope-of.ts'
export { teamMemberId } from './directory/team-member-id.ts'
export { createEndUsers } from './directory/end-users.ts'
export type { EndUserOptions, EndUsers } from './directory/end-users.ts'
export { compileRoutes } from './route-groups.ts'
export type { RouteTest } from './route-groups.ts'
export { presentedKey } from './presented-key.ts'
export { budgetWindow, durationMs, isDuration } from './budget-window.ts'
export type { BudgetWindow } from './budget-window.ts'
export { compilePattern, fillPattern, matchesAny } from './model-pattern.ts'
export { toUsage, estimateTokens } from './usage.ts'
export { costOf } from './prices/cost-of.ts'
export { charactersOf, pixelsOf, requestPricesOf } from './prices/call-cost.ts'
export { isWork } from './prices/work.ts'
export { spendKey } from './spend-key.ts'
export { formatUSD } from './prices/cost-headers.ts'
export { loadPriceList } from './prices/price-list.ts'
export { toPriceKeys, unknownPriceKeys } from './prices/price-keys.ts'
export { endpointPaths, endpointRoutes, passThroughRoots } from './endpoints.ts'
export type { EndpointRoute } from './endpoints.ts'
export { version } from './version.ts'
export { logger } from './logger.ts'
export { toNodeListener, toNodeMiddleware } from './node.ts'
export type { NodeMiddleware } from './node.ts'
export {
  closeDefaultGateway,
  completion,
  configure,
  disableCache,
  embedding,
  enableCache,
  imageGeneration,
  setDefaultGateway,
} from './library/default-gateway.ts'
export type { EnableCacheOptions } from './library/default-gateway.ts'
export { createLibrary } from './library/library.ts'
export {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  BudgetExceededError,
  ContentPolicyViolationError,
  ContextWindowExceededError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServiceUnavailableError,
  Timeout,
  toLibraryError,
  UnprocessableEntityError,
  UnsupportedParamsError,
} from './library/errors.ts'
export type { APIErrorDetails } from './library/errors.ts'
export type * from './library/types.ts'
export { createMemoryCounters } from './counters/memory.ts'
export { addWhenAway, StoreAway } from './counters/store-away.ts'
export { storageKey } from './storage/storage-key.ts'
export { TurnoverMap } from './turnover-map.ts'
export { SLOT_MS, createSlots } from './slots.ts'
export type { Slots } from './slots.ts'
