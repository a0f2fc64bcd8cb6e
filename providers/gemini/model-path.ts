import { invalidRequest } from '../../src/index.ts'

/**
 * A model's resource name (`models/gemini-2.5-flash`, `tunedModels/mine`) as a path. Names may come from clients by way of
 * wildcards: none leads out of its place.
 * @throws {GatewayError} 400 naming `model`
 */
export function toModelPath(model: string): string {
  const name = /^(?:models|tunedModels|dynamic)\//.test(model) ? model : `models/${model}`
  const steps = name.split('/')
  if (steps.some((step) => step === '' || step === '.' || step === '..')) {
    throw invalidRequest('The model name is no name of a Gemini model', 'model', 'model_not_found')
  }
  return steps.map(encodeURIComponent).join('/')
}
