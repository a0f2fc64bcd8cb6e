/** How much a Gemini 3 model thinks (`ThinkingConfig.thinkingLevel`), least first. */
export const LEVELS = ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'] as const

/** One of {@link LEVELS}. */
export type ThinkingLevel = (typeof LEVELS)[number]

/** What a model takes. Drawn from its name, because the API says it only by refusing. */
export interface ModelFeatures {
  /** How thinking is asked for: not at all (before 2.5), with a token budget (2.5), with a level (3). */
  thinking: 'none' | 'budget' | 'level'
  /** The levels that the model knows. */
  levels: readonly ThinkingLevel[]
  /** Budgets: the least when thinking, the most, and what comes nearest to not thinking. */
  budget: { min: number; max: number; off: number }
  /**
   * Gemini 3 and later: function calls are signed and their signatures demanded back, calls and results are matched by
   * id, results may hold media, and functions may stand beside Google's own tools.
   */
  modern: boolean
  /** Takes JSON Schema (2.0 and later). */
  jsonSchema: boolean
}

const NO_BUDGET = { min: 0, max: Infinity, off: 0 }

/** A model of another family, a tuned one, or a name that tells no version. */
const UNKNOWN: ModelFeatures = {
  thinking: 'budget',
  levels: [],
  budget: NO_BUDGET,
  modern: false,
  jsonSchema: true,
}

const known = new Map<string, ModelFeatures>()

/**
 * Reads the features off a name: `gemini-2.5-flash`, `models/gemini-3-pro-preview`, `gemini-flash-latest`. Versions newer
 * than those documented count as the newest of their family. Sources: Gemini API, "Thinking", "Thought signatures",
 * "Function calling"; the tables of levels and budgets by model.
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
  const name = /(?:^|\/)gemini-(\d{1,2})(?:\.(\d{1,2}))?(?![\d.])(.*)/.exec(model)
  // Aliases of the newest model still take budgets: Gemini 3 accepts them for compatibility, 2.5 accepts no level.
  if (!name) return { ...UNKNOWN, modern: /(?:^|\/)gemini-(?:pro|flash|flash-lite)-latest$/.test(model) }
  const version = Number(name[1]) + Number(name[2] ?? 0) / 100
  const variant = name[3] ?? ''
  return {
    thinking: version >= 3 ? 'level' : version >= 2.05 ? 'budget' : 'none',
    levels: version >= 3 ? readLevels(version, variant) : [],
    budget: readBudget(variant),
    modern: version >= 3,
    jsonSchema: version >= 2,
  }
}

function readLevels(version: number, variant: string): readonly ThinkingLevel[] {
  if (/image/.test(variant)) return /pro/.test(variant) ? ['HIGH'] : ['MINIMAL', 'HIGH']
  if (/flash-lite/.test(variant)) return LEVELS
  if (/flash/.test(variant)) return version < 3.07 ? LEVELS : ['LOW', 'MEDIUM', 'HIGH']
  return version < 3.01 ? ['LOW', 'HIGH'] : ['LOW', 'MEDIUM', 'HIGH']
}

function readBudget(variant: string): ModelFeatures['budget'] {
  if (/flash-lite/.test(variant)) return { min: 512, max: 24_576, off: 0 }
  if (/pro/.test(variant)) return { min: 128, max: 32_768, off: 128 }
  if (/flash/.test(variant)) return { min: 1, max: 24_576, off: 0 }
  return NO_BUDGET
}
