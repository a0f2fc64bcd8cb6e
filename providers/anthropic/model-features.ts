/** What a model takes and refuses. Drawn from its name, because the API says it only by refusing. */
export interface ModelFeatures {
  /** How thinking is asked for: not at all, with a token budget, or adaptive with an effort. */
  thinking: 'none' | 'budget' | 'adaptive'
  /** Thinks when the request says nothing of it. */
  thinksUnasked: boolean
  /** The `thinking` value that turns thinking off; null where leaving it out does, undefined where nothing does. */
  thinkingOff: { type: string } | null | undefined
  /** Leaves the text of its thinking out unless `display: 'summarized'` asks for it. */
  hidesThinking: boolean
  /** Has the effort level `xhigh`. */
  xhigh: boolean
  /** Refuses every `temperature`, `top_p` and `top_k` but the default. */
  fixedSampling: boolean
  /** Takes `temperature` or `top_p`, not both. */
  oneSampler: boolean
  /** Takes `tool_choice` `any` and `tool`. */
  forcedTools: boolean
  /** Structured outputs: `output_config.format` and strict tools. Unknown for names that are not Claude's. */
  structured: boolean | undefined
}

/** A model served behind Anthropic's dialect by someone else, or a Claude whose name tells no version. */
const UNKNOWN: ModelFeatures = {
  thinking: 'budget',
  thinksUnasked: false,
  thinkingOff: null,
  hidesThinking: false,
  xhigh: false,
  fixedSampling: false,
  oneSampler: false,
  forcedTools: true,
  structured: undefined,
}

const known = new Map<string, ModelFeatures>()

/**
 * Reads the features off a model name: `claude-opus-4-8`, `claude-sonnet-4-5-20250929`, `claude-3-7-sonnet-latest`.
 * Versions newer than those documented count as the newest of their family. Sources: Anthropic's pages "Thinking",
 * "Effort", "Structured outputs", and the migration guides of each model.
 */
export function modelFeatures(model: string): ModelFeatures {
  let features = known.get(model)
  if (!features) {
    features = readFeatures(model)
    // Names come from the config, but wildcards let clients choose them.
    if (known.size < 1000) known.set(model, features)
  }
  return features
}

function readFeatures(model: string): ModelFeatures {
  const name = readName(model)
  if (!name) return UNKNOWN
  const { family, version } = name
  const alwaysThinks = family === 'fable' || family === 'mythos'
  const adaptive = version >= 4.06
  const since5 = version >= 5
  return {
    thinking: adaptive ? 'adaptive' : version >= 3.07 ? 'budget' : 'none',
    thinksUnasked: since5,
    thinkingOff: !since5 ? null : alwaysThinks ? undefined : offSwitch(family, version),
    hidesThinking: version >= 4.07,
    xhigh: version >= 4.07,
    fixedSampling: version >= 4.07,
    oneSampler: version >= 4.01,
    forcedTools: !(alwaysThinks ? version >= 5.01 : family !== 'haiku' && version >= 5.05),
    structured: version >= 4.05,
  }
}

function offSwitch(family: string, version: number): { type: string } | undefined {
  if (family === 'opus' && version >= 5.05) return undefined
  return { type: family === 'sonnet' && version >= 5.05 ? 'between_tools' : 'disabled' }
}

/** `opus` 4.8 is version 4.08, so that 4.10 would come after 4.9. */
function readName(model: string): { family: string; version: number } | undefined {
  if (/claude-mythos-preview/.test(model)) return { family: 'mythos', version: 5 }
  const now = /claude-(opus|sonnet|haiku|fable|mythos)-(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?/.exec(model)
  if (now) return { family: now[1]!, version: Number(now[2]) + Number(now[3] ?? 0) / 100 }
  const before = /claude-(\d)(?:[-.](\d))?(?:-(opus|sonnet|haiku))?/.exec(model)
  if (before) return { family: before[3] ?? '', version: Number(before[1]) + Number(before[2] ?? 0) / 100 }
  return undefined
}
