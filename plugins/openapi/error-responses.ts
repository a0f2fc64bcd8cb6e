import type { JsonSchema, Operation, Response } from './types.ts'

/** The statuses of refusals and failures: the name of each, and what it means. */
const ERRORS: Readonly<Record<string, readonly [name: string, meaning: string]>> = {
  400: ['BadRequest', 'The request is wrong; `param` names the field'],
  401: ['Unauthorized', 'No key, or one that is not accepted'],
  403: ['Forbidden', 'The key may not do this'],
  404: ['NotFound', 'No such model or thing, or none that the key may see'],
  408: ['Timeout', 'The provider did not answer in time'],
  413: ['TooLarge', 'The request is larger than the configured limit'],
  429: ['RateLimited', 'A limit or budget is used up; `retry-after` says when to come back'],
  500: ['InternalError', 'The gateway failed; the message holds the request id and nothing else'],
  502: ['ProviderError', 'The provider could not be reached, or failed'],
  '4XX': ['Refused', 'Any other refusal; a provider that refuses keeps its status'],
  '5XX': ['Failed', 'Any other failure; a provider that fails keeps its status'],
}

const wrong = { type: 'invalid_request_error', param: null, code: null }

const EXAMPLES: Readonly<Record<string, unknown>> = {
  400: {
    ...wrong,
    message: "Missing required parameter: 'messages'.",
    param: 'messages',
    code: 'missing_required_parameter',
  },
  401: { ...wrong, message: 'Invalid API key', code: 'invalid_api_key' },
  404: {
    ...wrong,
    message: 'The model `x` does not exist or you do not have access to it.',
    param: 'model',
    code: 'model_not_found',
  },
  429: { ...wrong, message: 'Rate limit exceeded.', type: 'rate_limit_error', code: 'rate_limit_exceeded' },
}

/** References to the errors an operation may answer with. */
export function refuseWith(...statuses: (number | '4XX' | '5XX')[]): Operation['responses'] {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${ERRORS[status]![0]}` }]),
  )
}

/** The errors themselves, all in one shape. */
export function errorResponses(schema: JsonSchema): Record<string, Response> {
  return Object.fromEntries(
    Object.entries(ERRORS).map(([status, [name, description]]) => [
      name,
      {
        description,
        ...(status === '429'
          ? { headers: { 'retry-after': { description: 'Seconds.', schema: { type: 'integer' } } } }
          : {}),
        content: {
          'application/json': { schema, ...(EXAMPLES[status] ? { example: { error: EXAMPLES[status] } } : {}) },
        },
      },
    ]),
  )
}
