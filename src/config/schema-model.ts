import { z } from 'zod'

const seconds = z.number().positive()
const perMinute = z.number().nonnegative()

/**
 * One entry of `models`. Loose: keys that are not listed are the provider's own options and are checked by its schema
 * when the deployment is made.
 */
export const modelConfigSchema = z.looseObject({
  name: z.string().min(1).describe('Public name that clients send as "model"; exact, or a pattern with *.'),
  model: z
    .string()
    .min(1)
    .describe(
      '"provider/model", or the upstream\'s model name together with "provider". * takes what the name\'s * matched.',
    ),
  provider: z.string().min(1).optional().describe('Provider, when "model" does not begin with one.'),
  id: z.string().min(1).optional().describe('Stable id of the deployment. Default: a hash of the entry.'),
  apiKey: z.string().optional().describe('Key for the provider; env:NAME reads it from the environment.'),
  baseURL: z.string().min(1).optional().describe("Base URL of the upstream. Default: the provider's own."),
  weight: z.number().nonnegative().optional().describe('Share of the calls among the deployments of one name.'),
  order: z.number().optional().describe('Deployments with the lowest number are tried first.'),
  rpm: perMinute.optional().describe('Requests per minute that this deployment takes.'),
  tpm: perMinute.optional().describe('Tokens per minute that this deployment takes.'),
  maxParallel: z.number().int().positive().optional().describe('Calls at one time that this deployment takes.'),
  timeout: seconds.optional().describe('Seconds for the whole call.'),
  streamTimeout: seconds.optional().describe('Seconds to the first chunk of a stream.'),
  idleTimeout: seconds.optional().describe('Seconds between two chunks of a stream.'),
  params: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Body fields sent when the client does not give them, such as temperature.'),
  headers: z.record(z.string(), z.string()).optional().describe('Extra headers for the upstream.'),
  dropParams: z
    .boolean()
    .optional()
    .describe('Drop fields that the provider cannot carry instead of refusing the call.'),
  additionalDropParams: z.array(z.string()).optional().describe('Body fields that are always removed.'),
  tags: z.array(z.string()).optional().describe('Tags that requests can ask for.'),
  info: z.record(z.string(), z.unknown()).optional().describe('Free facts shown by /model/info.'),
  prices: z
    .record(z.string(), z.number().nonnegative())
    .optional()
    .describe("Prices in USD by LiteLLM's names, such as input_cost_per_token."),
})

/** The keys of a model entry that are not provider options, by their place in the schema. */
export const MODEL_KEYS: readonly string[] = Object.keys(modelConfigSchema.shape)
