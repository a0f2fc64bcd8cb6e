import { z } from '../../src/index.ts'

const names = z.array(z.string())

export const modelSchema = z
  .object({
    id: z.string().describe('The name to send as `model`.'),
    object: z.literal('model'),
    created: z.int().describe('Seconds since the epoch; the same for all.'),
    owned_by: z.string(),
    fallbacks: z
      .object({ general: names.optional(), context_window: names.optional(), content_policy: names.optional() })
      .optional()
      .describe('With `include_metadata=true`.'),
  })
  .meta({ id: 'Model' })

export const modelListSchema = z
  .object({ object: z.literal('list'), data: z.array(modelSchema) })
  .meta({ id: 'ModelList' })

export const modelInfoSchema = z
  .object({
    data: z.array(
      z.object({
        model_name: z.string().describe('Public name.'),
        litellm_params: z.looseObject({
          model: z.string().describe('`provider/model`.'),
          api_base: z.string().optional(),
        }),
        model_info: z.looseObject({ id: z.string(), db_model: z.boolean(), mode: z.string() }),
      }),
    ),
  })
  .meta({ id: 'ModelInfoList' })

const limit = z.number().nullable()

export const modelGroupsSchema = z
  .object({
    data: z.array(
      z.looseObject({
        model_group: z.string().describe('Public name.'),
        providers: z.array(z.string()),
        mode: z.string(),
        tpm: limit,
        rpm: limit,
      }),
    ),
  })
  .meta({ id: 'ModelGroupList' })
