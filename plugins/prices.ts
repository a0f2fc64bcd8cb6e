import {
  GatewayError,
  charactersOf,
  costOf,
  definePlugin,
  estimateTokens,
  invalidRequest,
  loadPriceList,
  logger,
  matchesAny,
  toUsage,
  unknownModel,
  unknownPriceKeys,
  z,
} from '../src/index.ts'
import type { GatewayContext, Price, Principal, Usage } from '../src/index.ts'

const HOUR_MS = 3_600_000
const FETCH_TIMEOUT_MS = 30_000

const priceKeys = z.record(z.string(), z.number().nonnegative()).refine((keys) => unknownPriceKeys(keys).length === 0, {
  error: ({ input }) => `no such price: ${unknownPriceKeys(input as Record<string, number>).join(', ')}`,
})

/** What models cost: newer data of the price list, prices of one's own, and a calculator. */
export default definePlugin({
  name: 'prices',
  description: 'Prices of models: overrides, refreshing, `/spend/calculate`',
  options: z.object({
    overrides: z
      .record(z.string(), priceKeys)
      .default({})
      .describe(
        "Prices in USD by LiteLLM's names, such as `input_cost_per_token`, for `provider/model`, the model's name at its " +
          "provider, or a public name. A deployment's own `prices` come first.",
      ),
    refresh: z
      .union([z.literal(false), z.number().positive().max(596)])
      .default(false)
      .describe(
        'Hours between two fetches of the newest price list; the first at start. Off: the list that comes along, until `POST /reload/model_cost_map`.',
      ),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Where the list is fetched. Default: the list's own address."),
    costInStreams: z
      .boolean()
      .default(false)
      .describe('Put `cost` (USD) into the usage chunk of streams that ask for `stream_options.include_usage`.'),
  }),
  litellm: { 'litellm_settings.include_cost_in_streaming_usage': 'costInStreams' },
  setup(options, gateway) {
    const { prices } = gateway
    prices.override(options.overrides)
    prices.costInStreams = options.costInStreams

    gateway.route({
      method: 'POST',
      path: '/spend/calculate',
      access: 'key',
      tags: ['Spend'],
      summary: 'What a call costs: of its usage, of an answer, or of messages alone (their text is estimated)',
      body: z.object({
        model: z.string().optional().describe('A model of this gateway, or `provider/model`. Default: the answer’s.'),
        messages: z.array(z.unknown()).optional(),
        completion_response: z.looseObject({ model: z.string().optional() }).optional(),
        usage: z.record(z.string(), z.unknown()).optional().describe("OpenAI's usage object."),
      }),
      response: z.object({ cost: z.number().describe('USD.') }),
      async handler({ body, principal }) {
        const request = body as CalculateRequest
        const model = request.model ?? request.completion_response?.model
        if (model === undefined || model === '') throw invalidRequest('Give a `model`.', 'model')
        const usage = usageOf(request)
        const price = await findPrice(gateway, model, principal)
        if (price.source === 'unknown') {
          throw new GatewayError(404, `Nobody knows what the model \`${model.slice(0, 200)}\` costs.`, {
            param: 'model',
            code: 'price_unknown',
          })
        }
        const cost = costOf(usage, price, { characters: charactersOf(request.messages) }).total
        if (cost === 0 && !price.free && !hasTokenPrices(price)) throw notMeasured(model)
        return { cost: cost / 1e9 }
      },
    })

    const refresher = createRefresher(options.url, (data) => prices.update(data))
    gateway.route({
      method: 'POST',
      path: '/reload/model_cost_map',
      access: 'admin',
      tags: ['Spend'],
      summary: 'Fetch the price list now',
      response: z.object({ status: z.literal('success') }),
      async handler() {
        if (!(await refresher.run())) {
          throw new GatewayError(502, 'The price list could not be fetched; the prices are as before.', {
            code: 'price_list_unavailable',
          })
        }
        return { status: 'success' }
      },
    })
    let timer: ReturnType<typeof setInterval> | undefined
    if (options.refresh !== false && !gateway.checking) {
      void refresher.run()
      timer = setInterval(() => void refresher.run(), options.refresh * HOUR_MS)
      timer.unref()
    }
    return {
      close() {
        clearInterval(timer)
        refresher.stop()
      },
    }
  },
})

interface CalculateRequest {
  readonly model?: string
  readonly messages?: unknown[]
  readonly completion_response?: { readonly model?: string; readonly usage?: unknown; readonly service_tier?: unknown }
  readonly usage?: Record<string, unknown>
}

function usageOf({ messages, completion_response: response, usage }: CalculateRequest): Usage {
  if (usage !== undefined || response !== undefined) {
    const counted = toUsage((usage ?? response?.usage) as Record<string, unknown> | undefined)
    const param = usage === undefined ? 'completion_response.usage' : 'usage'
    if (!counted) throw invalidRequest(`\`${param}\` has no token counts.`, param)
    const tier = response?.service_tier
    return typeof tier === 'string' ? { ...counted, serviceTier: tier } : counted
  }
  if (messages === undefined) {
    throw invalidRequest('Give `usage`, a `completion_response`, or `messages`.', 'messages')
  }
  return { input: estimateTokens(JSON.stringify(messages)), output: 0, estimated: true }
}

/** A picture, a second or a character costs something, and none of them was told: 0 would be wrong. */
function notMeasured(model: string): GatewayError {
  const message =
    `The model \`${model.slice(0, 200)}\` is not priced by tokens: what it is priced by is in none of what was given. ` +
    'Characters are counted in `messages`, seconds and searches in a usage.'
  return invalidRequest(message, 'model')
}

function hasTokenPrices({ tiers, services }: Price): boolean {
  return [tiers, ...Object.values(services ?? {})]
    .flat()
    .some(({ above: _above, ...rates }) => Object.values(rates).some((rate) => rate > 0))
}

/** The price of a model of the gateway, as far as the caller may use it; else of `provider/model` in the price list. */
async function findPrice(gateway: GatewayContext, model: string, principal: Principal | undefined): Promise<Price> {
  const target = gateway.models.resolve(model)[0]
  const allowed = principal?.models
  if (allowed && !matchesAny(allowed, model) && !(target && matchesAny(allowed, target.group)))
    throw unknownModel(model)
  if (target) return gateway.prices.of(target)
  await gateway.prices.load()
  const slash = model.indexOf('/')
  const prefix = model.slice(0, Math.max(slash, 0))
  const providers = [...gateway.providers.values()]
  const named = providers.find(({ name, aliases }) => name === prefix || aliases?.includes(prefix))
  const claimed = named ?? providers.find(({ claims }) => claims !== undefined && matchesAny(claims, model))
  if (!claimed) throw unknownModel(model, gateway.models.hint(model))
  return gateway.prices.find(claimed.name, named ? model.slice(slash + 1) : model)
}

interface Refresher {
  /** Fetches once, also when asked several times at once. False where it failed: the prices are as before. */
  run(): Promise<boolean>
  stop(): void
}

function createRefresher(url: string | undefined, update: (data: unknown) => Promise<void>): Refresher {
  const stopping = new AbortController()
  let running: Promise<boolean> | undefined
  const refresh = async (): Promise<boolean> => {
    try {
      const from = url ?? (await loadPriceList()).url
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)])
      await update(await fetchJson(from, signal))
      return true
    } catch (error) {
      if (!stopping.signal.aborted) {
        const reason = error instanceof Error ? error.message : String(error)
        logger.warn(`The price list could not be refreshed, the prices are as before: ${reason}`)
      }
      return false
    } finally {
      running = undefined
    }
  }
  return {
    run: () => (running ??= refresh()),
    stop: () => stopping.abort(),
  }
}

/** Its errors do not say the address: there may be a token in it. */
async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  const { ofetch } = await import('ofetch')
  try {
    return await ofetch<unknown>(url, { responseType: 'json', retry: 2, retryDelay: 500, signal })
  } catch (error) {
    const { status } = error as { status?: number }
    throw new Error(status ? `the server answered ${status}.` : 'no JSON answer came.', { cause: error })
  }
}
