import { describe, expect, test } from 'vitest'
import { checkRequest, toPath } from '../../src/check-request.ts'
import { GatewayError } from '../../src/error.ts'
import { z } from '../../src/index.ts'

function refusal(
  schema: z.ZodType,
  body: unknown,
): { param: string | null; code: string | null; message: string } | undefined {
  try {
    checkRequest(schema, body)
    return undefined
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    expect({ status: error.status, type: error.type }).toEqual({ status: 400, type: 'invalid_request_error' })
    const { param, code, message } = error
    return { param, code, message }
  }
}

const schema = z.looseObject({
  name: z.string(),
  size: z.int().min(1).optional(),
  content: z
    .union([z.string(), z.array(z.looseObject({ type: z.string(), url: z.string().optional() })), z.null()])
    .optional(),
  tokens: z.union([z.string(), z.array(z.string()), z.array(z.int()), z.array(z.array(z.int()))]).optional(),
  mode: z.enum(['a', 'b']).optional(),
})

describe('a refusal names the field and says what is wrong', () => {
  test.each<[Record<string, unknown>, string, string, RegExp]>([
    [{}, 'name', 'missing_required_parameter', /^Missing required parameter: 'name'\.$/],
    [{ name: undefined }, 'name', 'missing_required_parameter', /^Missing/],
    [{ name: null }, 'name', 'invalid_value', /^Invalid value for 'name': expected string, received null\.$/],
    [{ name: 'x', size: 0 }, 'size', 'invalid_value', />=1/],
    [{ name: 'x', size: 1.5 }, 'size', 'invalid_value', /expected int/],
    [{ name: 'x', mode: 'c' }, 'mode', 'invalid_value', /"a"\|"b"/],
    [{ name: 'x', content: 1 }, 'content', 'invalid_value', /expected string or array or null/],
    [{ name: 'x', content: [{ type: 't' }, {}] }, 'content[1].type', 'missing_required_parameter', /^Missing/],
    [
      { name: 'x', content: [{ type: 't', url: 7 }] },
      'content[0].url',
      'invalid_value',
      /expected string, received number/,
    ],
    [{ name: 'x', tokens: {} }, 'tokens', 'invalid_value', /expected string or array/],
    [{ name: 'x', tokens: ['a', 1] }, 'tokens[1]', 'invalid_value', /expected string/],
    [{ name: 'x', tokens: [1, 2, 'a'] }, 'tokens[2]', 'invalid_value', /expected number/],
    [{ name: 'x', tokens: [[1], [2, null]] }, 'tokens[1][1]', 'invalid_value', /expected number/],
  ])('%j', (body, param, code, message) => {
    expect(refusal(schema, body)).toEqual({ param, code, message: expect.stringMatching(message) })
  })

  test('no value of the request is repeated', () => {
    for (const body of [
      { name: { secret: 'canary' } },
      { name: 'x', mode: 'canary' },
      { name: 'x', tokens: ['a', { canary: 1 }] },
    ]) {
      expect(refusal(schema, body)!.message).not.toContain('canary')
    }
  })

  test('what is right passes, unknown fields too', () => {
    expect(refusal(schema, { name: 'x', content: null, tokens: [[1]], other: 1 })).toBeUndefined()
  })
})

test.each<[PropertyKey[], string]>([
  [[], ''],
  [['a'], 'a'],
  [['a', 0, 'b'], 'a[0].b'],
  [[0, 1], '[0][1]'],
])('the path %j is %s', (path, text) => {
  expect(toPath(path)).toBe(text)
})
