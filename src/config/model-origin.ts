import type { ModelConfig } from '../types/config.ts'

/** Where a model entry was written, when that is not `models[i]` of the config at hand. */
export interface ModelOrigin {
  /** For `Deployment.source`: `models.yaml model_list[2]`, `environment`. */
  readonly source: string
  /** The file as shown to the user; empty where there is none. */
  readonly file: string
  /** Path inside the file: `model_list[2]`. */
  readonly path: string
  /** Provider options whose variable is not set, with the variable's name: nothing else may fill them. */
  readonly missing?: Readonly<Record<string, string>> | undefined
  /** Translated from LiteLLM: options that its provider does not have are reported, but do not stop the start. */
  readonly lenient?: boolean | undefined
}

// Beside the entries, not in them: every key of an entry that is not known is the provider's.
const origins = new WeakMap<ModelConfig, ModelOrigin>()

export function setOrigin(model: ModelConfig, origin: ModelOrigin): ModelConfig {
  origins.set(model, origin)
  return model
}

export function originOf(model: ModelConfig): ModelOrigin | undefined {
  return origins.get(model)
}
