import type { Call } from './types/call.ts'
import type { Target } from './types/provider.ts'
import type { CallContext } from './context.ts'
import { providerMetadata } from './gateway-fields.ts'
import { isJson, membersOf, rewriteText } from './json-scan.ts'
import type { ScannedCall } from './json-scan.ts'

/**
 * The call as one target gets it: without the gateway's own fields, with the deployment's defaults. Most calls need no
 * change and are returned as they are; the others keep every byte that did not change.
 */
export function prepareCall(ctx: CallContext, call: Call, target: Target): Call {
  const { deployment } = target
  if (!isJson(call)) return call
  let remove = ctx.stripped.length > 0 ? ctx.stripped : undefined
  let set: Record<string, unknown> | undefined

  const asked = call.body['additional_drop_params']
  if (deployment.additionalDropParams || asked !== undefined) {
    const listed = [...(deployment.additionalDropParams ?? []), ...(Array.isArray(asked) ? (asked as string[]) : [])]
    const drop = listed.filter((key) => Object.hasOwn(call.body, key))
    for (const key of drop) if (!ctx.dropped.includes(key)) ctx.dropped.push(key)
    if (drop.length > 0) remove = [...(remove ?? []), ...drop]
  }
  if (call.body['metadata'] !== undefined) {
    const metadata = providerMetadata(call.body['metadata'])
    if (metadata.changed && metadata.value) (set ??= {})['metadata'] = metadata.value
    else if (metadata.changed) remove = [...(remove ?? []), 'metadata']
  }
  for (const key in deployment.params) {
    if (call.body[key] === undefined) (set ??= {})[key] = deployment.params[key]
  }
  if (!remove && !set) return call

  const body: Record<string, unknown> = { ...call.body, ...set }
  for (const key of remove ?? []) delete body[key]
  const text = rewriteText(call.raw as string, membersOf(call), { set, remove })
  const prepared: ScannedCall = { ...call, body, raw: text, members: undefined, inBytes: undefined, bytes: undefined }
  return prepared
}
