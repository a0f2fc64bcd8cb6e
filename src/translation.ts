import type { Target, Translation } from './types/provider.ts'
import type { CallContext } from './context.ts'
import { GatewayError } from './error.ts'

/** What `encode` is given: refuses what a dialect cannot carry, or notes that it was dropped as asked. */
export function createTranslation(ctx: CallContext, target: Target, dropAll: boolean): Translation {
  const { body } = ctx.call
  const drop = dropAll || target.deployment.dropParams === true || body['drop_params'] === true
  const listed = Array.isArray(body['additional_drop_params']) ? (body['additional_drop_params'] as unknown[]) : []
  return {
    target,
    unsupported(param, reason) {
      if (drop || listed.includes(param)) {
        if (!ctx.dropped.includes(param)) ctx.dropped.push(param)
        return
      }
      throw new GatewayError(
        400,
        `${target.provider.name} does not support \`${param}\`${reason ? ` (${reason})` : ''}. ` +
          'Leave it out, or send "drop_params": true to have it dropped.',
        { param, code: 'unsupported_parameter', provider: target.provider.name, model: ctx.call.model },
      )
    },
  }
}
