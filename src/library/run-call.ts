import type { Gateway } from '../gateway.ts'
import type { EndpointRoute } from '../endpoints.ts'
import type { Answer, Principal } from '../types/lifecycle.ts'
import type { GatewayInfo } from './types.ts'
import { checkRequest } from '../check-request.ts'
import { GatewayError } from '../error.ts'
import { isClosed } from '../gateway-closed.ts'
import { createGatewayInfo } from './gateway-info.ts'
import { toLibraryError } from './errors.ts'
import { readErrorBody } from './read-error.ts'
import { splitParams } from './split-params.ts'
import { findTargets } from './targets.ts'

/** A call that has been answered, or whose stream has begun. */
export interface LibraryCall {
  readonly answer: Answer
  readonly info: GatewayInfo
  /** Ends the call; linked to the caller's own signal. */
  readonly controller: AbortController
  /** The caller's own signal. */
  readonly signal: AbortSignal | undefined
  /** Any failure of this call as the caller shall see it. */
  toError(error: unknown): unknown
  /** Nothing more will come: lets go of the caller's signal. */
  release(): void
}

/** Who calls in process: whoever runs the code may do everything. */
const LIBRARY: Principal = { id: 'library', role: 'admin', name: 'library' }

/** Sends one call through the gateway's lifecycle. Rejects with a typed error, or with the signal's reason. */
export async function runCall(
  getGateway: () => Promise<Gateway> | Gateway,
  route: EndpointRoute,
  given: Readonly<Record<string, unknown>>,
): Promise<LibraryCall> {
  const id = crypto.randomUUID()
  const model = typeof given['model'] === 'string' ? given['model'] : undefined
  const mock = given['mockResponse'] ?? given['mock_response']
  const signal = given['signal'] as AbortSignal | undefined
  const controller = new AbortController()
  const abort = () => controller.abort(signal?.reason)
  const release = () => signal?.removeEventListener('abort', abort)
  const toError = (error: unknown): unknown => {
    if (signal?.aborted) return signal.reason
    // A mocked error is thrown as the very one that was given.
    if (mock instanceof Error && error instanceof GatewayError && error.cause === mock) return mock
    return toLibraryError(error, { model, requestId: id })
  }
  try {
    signal?.throwIfAborted()
    signal?.addEventListener('abort', abort)
    const params = splitParams(given)
    const { body, stripped } = params
    checkRequest(route.schema, body)
    if (model === undefined) throw missingModel()
    const send = async (gateway: Gateway): Promise<Answer> => {
      const targets = await findTargets(gateway, model, params)
      // The gateway's own routing resolves the names.
      if (!targets && params.fallbacks.length > 0) body['fallbacks'] = params.fallbacks
      return gateway.run({
        wire: route.wire,
        path: route.path,
        body,
        headers: { 'x-litellm-call-id': id },
        signal: controller.signal,
        principal: LIBRARY,
        ...(targets ? { targets } : {}),
        stripped: body['fallbacks'] === undefined ? stripped : [...stripped, 'fallbacks'],
      })
    }
    const gateway = await getGateway()
    const answer = await send(gateway).catch(async (error: unknown) => {
      // It was replaced while the call looked for its targets: it had not begun, and nobody waited for it.
      const next = isClosed(error) ? await getGateway() : gateway
      if (next === gateway) throw error
      return send(next)
    })
    if (answer.status >= 400) throw await refusal(answer)
    return { answer, info: createGatewayInfo(answer, id), controller, signal, toError, release }
  } catch (error) {
    release()
    throw toError(error)
  }
}

/** The whole answer as text. */
export async function readText({ body }: Answer): Promise<string> {
  if (typeof body === 'string') return body
  return new TextDecoder().decode(body instanceof Uint8Array ? body : await body.bytes())
}

/** A plugin stopped the call with an answer of its own. */
async function refusal(answer: Answer): Promise<GatewayError> {
  const { status, headers } = answer
  const text = await readText(answer)
  const retryAfter = headers['retry-after'] === undefined ? undefined : Number(headers['retry-after'])
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // Not JSON: the text itself is the message.
  }
  const error = readErrorBody(body, { status, retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined })
  return error ?? new GatewayError(status, text.slice(0, 1000) || `The call was refused with status ${status}.`)
}

function missingModel(): GatewayError {
  return new GatewayError(400, "Missing required parameter: 'model'.", {
    param: 'model',
    code: 'missing_required_parameter',
  })
}
