import { definePlugin, unknownModel, z } from '../../src/index.ts'
import type { Principal, Target } from '../../src/index.ts'
import { createExpander } from './expand.ts'
import { fallbackNames, fallbacksOf } from './fallbacks.ts'
import { toGroupInfo, toModelInfo } from './info.ts'
import { modelGroupsSchema, modelInfoSchema, modelListSchema, modelSchema } from './schemas.ts'
import { mayUse, usableNames } from './usable.ts'

const TAGS = ['Models']

/** Which models there are: OpenAI's list, and LiteLLM's facts about deployments. */
export default definePlugin({
  name: 'models-api',
  description: 'Lists the models a caller may use, and facts about their deployments',
  options: z.object({
    expand: z
      .boolean()
      .default(false)
      .describe('Ask the providers of wildcard models what they have, instead of listing `openai/*` as it is written.'),
  }),
  litellm: { 'litellm_settings.check_provider_endpoint': 'expand' },
  setup(options, gateway) {
    const { models, config, prices } = gateway
    const expandNames = createExpander(models)

    const toModel = (id: string, principal: Principal | undefined, query: Readonly<Record<string, string>>) => {
      // The fixed date and owner are LiteLLM's: clients sort and filter by neither, but want both.
      const model = { id, object: 'model', created: 1_677_610_602, owned_by: 'openai' }
      if (!isTrue(query['include_metadata'])) return model
      const fallbacks = fallbacksOf(id, { config, models, principal })
      const kind = fallbackNames.find((name) => name === query['fallback_type'])
      return { ...model, fallbacks: kind ? { [kind]: fallbacks[kind] } : fallbacks }
    }

    gateway.route({
      method: 'GET',
      path: ['/v1/models', '/models', '/openai/models', '/openai/v1/models'],
      access: 'key',
      tags: TAGS,
      summary: 'List the models the key may use',
      query: z.object({
        include_metadata: z.string().optional().describe('`true`: with the fallbacks of each model.'),
        fallback_type: z
          .enum(['general', 'context_window', 'content_policy'])
          .optional()
          .describe('Only these fallbacks.'),
      }),
      response: modelListSchema,
      async handler({ principal, query }) {
        const names = usableNames(models, principal)
        const listed = options.expand ? await expandNames(names) : names
        return { object: 'list', data: listed.map((name) => toModel(name, principal, query)) }
      },
    })

    gateway.route({
      method: 'GET',
      path: ['/v1/models/**', '/models/**', '/openai/models/**', '/openai/v1/models/**'],
      access: 'key',
      tags: TAGS,
      summary: 'Read one model; its name may contain slashes',
      response: modelSchema,
      handler({ principal, query, rest }) {
        if (!mayUse(models, principal, rest)) throw unknownModel(rest, models.hint(rest))
        return toModel(rest, principal, query)
      },
    })

    gateway.route({
      method: 'GET',
      path: ['/model/info', '/v1/model/info'],
      access: 'key',
      tags: TAGS,
      summary: 'Facts about every deployment, without secrets',
      query: z.object({ litellm_model_id: z.string().optional().describe('Only the deployment with this id.') }),
      response: modelInfoSchema,
      handler({ principal, query }) {
        const id = query['litellm_model_id']
        const targets = usableTargets(principal).filter(({ deployment }) => id === undefined || deployment.id === id)
        if (id !== undefined && targets.length === 0) throw unknownModel(id)
        return { data: targets.map((target) => toModelInfo(target, prices)) }
      },
    })

    gateway.route({
      method: 'GET',
      path: '/model_group/info',
      access: 'key',
      tags: TAGS,
      summary: 'Facts about every model name: providers, limits, prices, features',
      query: z.object({ model_group: z.string().optional().describe('Only this name.') }),
      response: modelGroupsSchema,
      handler({ principal, query }) {
        const names = usableNames(models, principal).filter((name) => (query['model_group'] ?? name) === name)
        return { data: names.map((name) => toGroupInfo(name, { targets: models.resolve(name), prices })) }
      },
    })

    /** The deployments behind the names a caller may use, as declared. */
    const usableTargets = (principal: Principal | undefined): Target[] => {
      const byDeployment = new Map<unknown, Target>()
      for (const name of usableNames(models, principal)) {
        for (const target of models.resolve(name)) byDeployment.set(target.deployment, target)
      }
      return models.deployments.flatMap((deployment) => byDeployment.get(deployment) ?? [])
    }
  },
})

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(true|1|yes)$/i.test(value)
}
