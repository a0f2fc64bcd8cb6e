import type { Cost } from './call.ts'
import type { Target } from './provider.ts'

/** Nano-dollars (10⁻⁹ USD) per token, by what the token is. Not always integers; costs are. */
export interface TokenRates {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  /** Written to a cache that keeps for an hour instead of minutes. */
  readonly cacheWrite1h: number
  readonly audioInput: number
  readonly imageInput: number
  readonly output: number
  readonly reasoning: number
  readonly audioOutput: number
  readonly imageOutput: number
}

/** Rates of calls with more input tokens than `above`: all of their tokens are priced so, not only those beyond. */
export interface PriceTier extends TokenRates {
  readonly above: number
}

/** Nano-dollars per thing that is not a token. */
export interface UnitRates {
  readonly request: number
  readonly search: number
  /** Of audio; where a deployment has no token prices, of the call's duration. */
  readonly second: number
  /** Generated pictures, and pictures in the prompt. */
  readonly image: number
  readonly imageInput: number
  readonly pixel: number
  readonly character: number
}

/** How a provider served the call, where that has prices of its own. */
export type PricedService = 'batch' | 'flex' | 'priority'

/** The price of one model, ready to multiply. */
export interface Price {
  readonly source: Cost['source']
  /** The name in the price list, where it was found there. */
  readonly listed?: string | undefined
  /** Ascending by `above`; the first is 0. */
  readonly tiers: readonly PriceTier[]
  readonly services?: Readonly<Partial<Record<PricedService, readonly PriceTier[]>>> | undefined
  readonly units: UnitRates
  /** Nothing of it costs anything. False where no price is known. */
  readonly free: boolean
  /** Tokens that the model takes at most, where the price list says so. */
  readonly contextWindow?: number | undefined
}

/** What a call was measured by besides its usage, and who says what it costs. */
export interface CostOptions {
  /** `flex`, `priority`, `batch`; anything else is priced as usual. */
  readonly serviceTier?: string | null | undefined
  /** USD per token, in place of the price's own. */
  readonly requestPrices?: RequestPrices | undefined
  /** Pictures made, pictures in the prompt, and pixels of all that were made. */
  readonly images?: number | undefined
  readonly imagesInput?: number | undefined
  readonly pixels?: number | undefined
  readonly seconds?: number | undefined
  readonly characters?: number | undefined
}

/** USD per token. */
export interface RequestPrices {
  readonly input?: number | undefined
  readonly output?: number | undefined
}

/** What models cost. Prices are resolved once per target and kept. */
export interface PriceTable {
  /** The price of a target: its deployment's own, then {@link override}, then the price list's, else `unknown`. */
  of(target: Target): Price
  /** The price of a model that no deployment has, by its provider's name in the gateway. */
  find(provider: string, model: string): Price
  /** Reads the price list, where one of these may need it. Until then its models are `unknown`. */
  load(deployments?: readonly PricedDeployment[]): Promise<void>
  /** Prices by LiteLLM's names for `provider/model`, a model's name at its provider, or a public name. */
  override(models: Readonly<Record<string, Readonly<Record<string, number>>>>): void
  /** Takes newer data of the price list. Throws where it is not in the list's form; the old data stays. */
  update(data: unknown): Promise<void>
  /** Tells once per model that nobody knows its price. */
  reportUnknown(target: Target): void
  /** Put the cost into the usage chunk of streams whose client asked for usage. */
  costInStreams: boolean
  /** Price keys of deployments that have no effect. */
  readonly warnings: readonly string[]
}

/** What {@link PriceTable.load} looks at. */
export interface PricedDeployment {
  readonly provider: string
  /** Prices by LiteLLM's names, USD. */
  readonly prices?: Readonly<Record<string, number>> | undefined
  readonly info: Readonly<Record<string, unknown>>
}

declare module './call.ts' {
  interface Usage {
    /** Part of `cacheWrite` that is kept for an hour. */
    cacheWrite1h?: number | undefined
    /** Picture parts of `input` and `output`. */
    imageInput?: number | undefined
    imageOutput?: number | undefined
    /** Web searches made by the provider. */
    searches?: number | undefined
    /** Seconds of audio, where the provider bills by them. */
    seconds?: number | undefined
    /** How the provider says that it served the call: `default`, `flex`, `priority`, `batch` … */
    serviceTier?: string | undefined
  }
  interface Cost {
    /** What the call would have cost, had the gateway's cache not answered it. */
    readonly saved?: number | undefined
  }
}

declare module './chat.ts' {
  interface ChatUsage {
    /** Anthropic's parts of what was written to the cache. */
    cache_creation?: { ephemeral_5m_input_tokens?: number; ephemeral_1h_input_tokens?: number }
    /** Tools that ran at the provider. */
    server_tool_use?: { web_search_requests?: number }
  }
}

declare module './lifecycle.ts' {
  interface Answer {
    /** Set when the call's books are closed; of a stream, at its end. */
    cost?: Cost | undefined
  }
}

declare module './plugin.ts' {
  interface GatewayContext {
    /** What models cost. */
    readonly prices: PriceTable
  }
}
