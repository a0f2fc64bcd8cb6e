import { ByteStream, GatewayError } from '../../src/index.ts'
import type { Deployment, GatewayContext, Principal, RunInput, Target } from '../../src/index.ts'

/** A deployment as `/health` reports it. `error` is set where the call failed. */
export interface Checked {
  readonly model: string
  readonly api_base: string | null
  readonly model_id: string
  readonly error?: string
}

const CHECKER: Principal = { id: 'health-check', role: 'admin', name: 'health check' }
const TEXT = 'Hi'

/** The smallest call of each mode (LiteLLM's `model_info.mode`). Modes that are missing cannot be tried with a few bytes. */
const CALLS: Record<string, Pick<RunInput, 'wire' | 'path' | 'body'>> = {
  chat: {
    wire: 'openai.chat',
    path: '/chat/completions',
    body: { messages: [{ role: 'user', content: TEXT }], max_tokens: 5 },
  },
  completion: { wire: 'openai.completions', path: '/completions', body: { prompt: TEXT, max_tokens: 1 } },
  embedding: { wire: 'openai.embeddings', path: '/embeddings', body: { input: [TEXT] } },
  image_generation: { wire: 'openai.images', path: '/images/generations', body: { prompt: 'A white square' } },
  responses: { wire: 'openai.*', path: '/responses', body: { input: TEXT, max_output_tokens: 16 } },
  moderation: { wire: 'openai.*', path: '/moderations', body: { input: TEXT } },
  rerank: { wire: 'openai.*', path: '/rerank', body: { query: TEXT, documents: [TEXT] } },
  audio_speech: { wire: 'openai.*', path: '/audio/speech', body: { input: TEXT, voice: 'alloy' } },
}

/** Why a deployment cannot be checked; undefined where it can. */
export function whyUnchecked({ name, model, info }: Deployment): string | undefined {
  if (!(modeOf(info) in CALLS)) return `no small call is known for the mode ${modeOf(info)}`
  const wild = name.includes('*') || model.includes('*')
  return wild && typeof info['health_check_model'] !== 'string'
    ? 'a wildcard: name a model in info.health_check_model'
    : undefined
}

/** Makes a real call to one deployment, past retries, fallbacks and caches. Never throws. */
export async function checkDeployment(gateway: GatewayContext, target: Target, seconds: number): Promise<Checked> {
  const { deployment } = target
  const shown = describe(target)
  const asked = deployment.info['health_check_model']
  const model = typeof asked === 'string' ? withoutPrefix(asked, deployment.provider) : target.model
  const { body, ...call } = CALLS[modeOf(deployment.info)]!
  const limit = deployment.info['health_check_max_tokens']
  const limited = typeof limit === 'number' && 'max_tokens' in body ? { ...body, max_tokens: limit } : body
  const run = async (fields: Record<string, unknown>) => {
    const answer = await gateway.run({
      ...call,
      body: { model: target.group, ...fields, cache: { 'no-cache': true, 'no-store': true } },
      stripped: ['cache'],
      headers: { 'x-litellm-num-retries': '0', 'x-litellm-timeout': String(seconds) },
      principal: CHECKER,
      targets: [{ ...target, model }],
    })
    // The first byte is enough.
    if (answer.body instanceof ByteStream) answer.body.cancel()
  }
  try {
    await run(limited).catch((error: unknown) => {
      const renamed = renameLimit(error, limited)
      if (!renamed) throw error
      return run(renamed)
    })
    return shown
  } catch (error) {
    return { ...shown, error: error instanceof GatewayError ? error.message : 'The gateway had an internal error.' }
  }
}

/** OpenAI's reasoning models refuse `max_tokens` and want the newer name (API reference, "Create chat completion"). */
function renameLimit(
  error: unknown,
  { max_tokens: limit, ...body }: Record<string, unknown>,
): Record<string, unknown> | undefined {
  const refused = error instanceof GatewayError && error.status === 400 && error.param === 'max_tokens'
  return refused && limit !== undefined ? { ...body, max_completion_tokens: limit } : undefined
}

function describe({ deployment, provider }: Target): Checked {
  return {
    model: `${deployment.provider}/${deployment.model}`,
    api_base: provider.baseURL ?? null,
    model_id: deployment.id,
  }
}

function modeOf(info: Deployment['info']): string {
  return typeof info['mode'] === 'string' ? info['mode'] : 'chat'
}

/** LiteLLM writes `openai/gpt-4o-mini` where the provider knows `gpt-4o-mini`. */
function withoutPrefix(model: string, provider: string): string {
  return model.startsWith(`${provider}/`) ? model.slice(provider.length + 1) : model
}
