import { ByteStream, definePlugin, logger, z } from '../../src/index.ts'
import type { Answer, Context, GatewayContext, Target, Wire } from '../../src/index.ts'
import { readControls } from './controls.ts'
import { keepAnswer } from './keep.ts'
import { cacheKey } from './key.ts'
import { createStore } from './store.ts'
import type { Entry, Store } from './store.ts'

/** LiteLLM's names of the calls that can be cached, with the dialect each stands for. */
const CALL_TYPES: Readonly<Record<string, Wire>> = {
  completion: 'openai.chat',
  acompletion: 'openai.chat',
  text_completion: 'openai.completions',
  atext_completion: 'openai.completions',
  embedding: 'openai.embeddings',
  aembedding: 'openai.embeddings',
  image_generation: 'openai.images',
  aimage_generation: 'openai.images',
}

const DEADLINE_MS = 100
const WARN_EVERY_MS = 60_000

/**
 * Answers identical calls from a store. Callers do not share answers unless told to. Two identical calls at the same time
 * may both go to the provider; the later answer stays.
 */
export default definePlugin({
  name: 'cache',
  description: 'Answers identical calls from a cache: chat, completions, embeddings and images, streamed or not',
  // Outside of `retry`, which sorts behind it: a hit is no attempt.
  order: 'pre',
  default: false,
  options: z.object({
    enabled: z.boolean().default(true).describe('LiteLLM’s `cache: true`.'),
    ttl: z.number().positive().default(3600).describe('Seconds that an answer may be used.'),
    mode: z
      .enum(['default_on', 'default_off'])
      .default('default_on')
      .describe('`default_off`: only for calls that say `caching: true` or `cache: { "use-cache": true }`.'),
    namespace: z.string().optional().describe('Separates what several gateways keep in one store.'),
    shared: z.boolean().default(false).describe('All callers share answers. Default: each caller (key) has its own.'),
    supportedCallTypes: z
      .array(z.string())
      .default(['completion', 'text_completion', 'embedding', 'image_generation'])
      .describe('LiteLLM’s names of the calls to cache; empty: none.'),
    mount: z
      .string()
      .optional()
      .describe('Storage mount. Default `cache`, else `default`, else memory of this process.'),
    maxBytes: z
      .int()
      .positive()
      .default(1024 * 1024)
      .describe('Longer answers are not kept.'),
    maxEntries: z.int().positive().default(10_000).describe('Answers kept in memory; the least used go first.'),
    maxMemory: z
      .int()
      .positive()
      .default(64 * 1024 * 1024)
      .describe('Bytes of answers kept in memory.'),
    type: z
      .string()
      .optional()
      .describe('LiteLLM’s cache type; anything but `local` is configured as a storage mount here.'),
  }),
  litellm: {
    'litellm_settings.cache': 'enabled',
    'litellm_settings.cache_params.ttl': 'ttl',
    'litellm_settings.cache_params.mode': 'mode',
    'litellm_settings.cache_params.namespace': 'namespace',
    'litellm_settings.cache_params.supported_call_types': 'supportedCallTypes',
    'litellm_settings.cache_params.type': 'type',
  },
  async setup(options, gateway) {
    const wires = new Set(options.supportedCallTypes.map((type) => CALL_TYPES[type]))
    if (!options.enabled) return
    const store = await openStore(options, gateway)
    const { shared, maxBytes, ttl, namespace } = options
    const declared = new Set(gateway.models.deployments)
    const defaults = {
      on: options.mode === 'default_on',
      controls: { read: true, write: true, ttl, maxAge: Infinity, namespace },
    }
    return {
      provider(ctx, target, next) {
        const controls = wires.has(ctx.call.wire) ? readControls(ctx.call.body, defaults) : undefined
        if (!controls) return next(target)
        const key = cacheKey(ctx, target, { namespace: controls.namespace, shared, declared })
        return serve({ ctx, target, next, store, key, maxBytes, ...controls })
      },
    }
  },
})

interface Serving {
  readonly ctx: Context
  readonly target: Target
  readonly next: (target: Target) => Promise<Answer>
  readonly store: Store
  readonly key: string
  readonly read: boolean
  readonly write: boolean
  readonly ttl: number
  readonly maxAge: number
  readonly maxBytes: number
}

async function serve(serving: Serving): Promise<Answer> {
  const { ctx, target, next, store, key, ttl, maxBytes } = serving
  if (serving.read) {
    const entry = await store.get(key)
    if (entry && Date.now() - entry.at <= serving.maxAge * 1000) return replay(ctx, key, entry)
  }
  const answer = await next(target)
  if (serving.write && ttl > 0) {
    keepAnswer({ ctx, target, answer, ttl, maxBytes, keep: (entry) => void store.set(key, entry) })
  }
  return answer
}

function replay(ctx: Context, key: string, entry: Entry): Answer {
  ctx.cacheHit = true
  ctx.headers['x-litellm-cache-hit'] = 'True'
  ctx.headers['x-litellm-cache-key'] = key
  const answer: Answer = { status: 200, headers: { ...entry.headers }, body: entry.body, usage: entry.usage }
  if (entry.headers['content-type']?.startsWith('text/event-stream')) {
    answer.body = ByteStream.from(new TextEncoder().encode(entry.body))
    answer.ttftMs = Date.now() - ctx.startedAt
  }
  return answer
}

interface StoreSettings {
  readonly mount?: string | undefined
  readonly maxEntries: number
  readonly maxMemory: number
  readonly type?: string | undefined
}

async function openStore(options: StoreSettings, gateway: GatewayContext): Promise<Store> {
  const { storage } = gateway
  const mounts = gateway.config.storage ?? {}
  const { mount, type } = options
  if (mount !== undefined && !mounts[mount]) {
    throw new Error(
      `plugins.cache.mount: there is no storage "${mount}". Add it to \`storage\`, such as { driver: 'fs-lite', base: '.data/cache' }.`,
    )
  }
  if (mount === undefined && !mounts['cache'] && !mounts['default']) {
    if (type !== undefined && type !== 'local') {
      logger.warn(`The cache keeps answers in memory: for type "${type}" add a storage mount "cache" to the config.`)
    }
    const { default: createDriver } = await import('unstorage/drivers/lru-cache')
    storage.mount('cache', createDriver({ max: options.maxEntries, maxSize: options.maxMemory }))
  }
  let warnedAt = 0
  const onError = (error: unknown) => {
    if (Date.now() - warnedAt < WARN_EVERY_MS) return
    warnedAt = Date.now()
    logger.warn('The cache is passed over:', error instanceof Error ? error.message : error)
  }
  return createStore(storage, { prefix: prefixOf(mount), deadline: DEADLINE_MS, onError })
}

/** The mount called `default` is the root. */
function prefixOf(mount: string | undefined): string {
  return mount === undefined || mount === 'default' ? 'cache' : mount
}
