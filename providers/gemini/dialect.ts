import type { Translation } from '../../src/index.ts'
import type { ModelFeatures } from './model-features.ts'

/** What Google's endpoints of generateContent differ in (Gemini API by version, Vertex AI). */
export interface Dialect {
  /** Knows `parametersJsonSchema` and `responseJsonSchema`; else only the OpenAPI subset `Schema`. */
  jsonSchema: boolean
  /** Takes `id` in function calls and responses. */
  callIds: boolean
  /** Takes `serviceTier` in the body. */
  serviceTier: boolean
  /** What a file name of the Files API (`files/abc`) becomes a URI with; undefined where there is no such API. */
  filesURL: string | undefined
}

/** What every part of a request's translation may need to know. */
export interface EncodeContext {
  translation: Translation
  features: ModelFeatures
  dialect: Dialect
}

/** A context with the place of what is translated: `messages[2].content[0]`. */
export interface PlacedContext extends EncodeContext {
  path: string
}
