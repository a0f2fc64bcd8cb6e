import { invalidRequest } from '../../src/index.ts'
import { closeSchema } from './close-schema.ts'
import { canForce, objectSchema, type EncodedTools, type ToolContext } from './encode-tools.ts'
import { isObject, type Json } from './json.ts'

/** The tool whose input is the answer, where the model has no structured outputs. */
export const JSON_TOOL = 'json_tool_call'

/** What a response format adds to the request. */
export interface EncodedFormat {
  /** `output_config.format` */
  format?: Json
  tools?: EncodedTools
  /** An instruction for the end of the system text. */
  instruction?: string
}

const INSTRUCTION = 'Answer with a single JSON object and nothing else: no text around it and no code fence.'

/**
 * OpenAI's `response_format`, by what the model can do:
 * - `json_schema`: structured outputs (Claude 4.5 and later), where the schema fits their limits; else a tool made of
 *   the schema that must be called and whose input is handed to the client as content.
 * - `json_object`: such a tool with an open schema, because structured outputs demand a closed one; an instruction on
 *   models that cannot be made to call a tool. OpenAI demands that the prompt asks for JSON anyway.
 * With tools of the client's own the model may call these or answer through the JSON tool.
 */
export function encodeResponseFormat(value: unknown, context: ToolContext & EncodedTools): EncodedFormat {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) throw invalidRequest('response_format must be an object', 'response_format')
  const { schema, ...spec } = isObject(value['json_schema']) ? value['json_schema'] : {}
  if (value['type'] === 'text') return {}
  if (value['type'] === 'json_schema' && isObject(schema)) {
    const closed = context.features.structured ? closeSchema(schema) : undefined
    if (closed) return { format: { type: 'json_schema', schema: describe(closed, spec['description']) } }
    if (canForce(context) && objectSchema(schema)['type'] === 'object')
      return asTool(schema, spec['description'], context)
    const reason = 'this schema is beyond structured outputs, and no tool can be forced here'
    context.translation.unsupported('response_format', reason)
    return {}
  }
  if (value['type'] === 'json_object' || value['type'] === 'json_schema') {
    if (!canForce(context)) return { instruction: INSTRUCTION }
    return asTool({ type: 'object', additionalProperties: true }, undefined, context)
  }
  context.translation.unsupported('response_format', 'Anthropic can be told text, json_object or json_schema')
  return {}
}

function asTool(schema: Json, description: unknown, { tools, choice }: EncodedTools): EncodedFormat {
  // A client that demands one of its own tools gets a call, and no text that a format could shape.
  if (choice?.['type'] === 'any' || choice?.['type'] === 'tool') return {}
  const tool: Json = { name: JSON_TOOL, description: 'Gives the answer. Its input is what the user receives.' }
  if (typeof description === 'string') tool['description'] += ` ${description}`
  tool['input_schema'] = objectSchema(schema)
  const own = tools.length > 0 && choice?.['type'] !== 'none'
  const forced: Json = own
    ? { ...choice, type: 'any' }
    : { type: 'tool', name: JSON_TOOL, disable_parallel_tool_use: true }
  return { tools: { tools: [...tools, tool], choice: forced } }
}

function describe(schema: Json, description: unknown): Json {
  return schema['description'] === undefined && typeof description === 'string' ? { ...schema, description } : schema
}
