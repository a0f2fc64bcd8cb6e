import { invalidRequest } from '../../src/index.ts'
import type { Translation } from '../../src/index.ts'
import { given, isRecord } from './fields.ts'
import type { Fields } from './fields.ts'

/** A tool as `/api/chat` takes it. */
export interface OllamaTool {
  type: 'function'
  function: { name: string; description?: string; parameters: unknown }
}

/** The request fields that {@link toOllamaTools} reads. */
export const TOOL_FIELDS: readonly string[] = ['tools', 'tool_choice']

/**
 * The tools that the model may call. `tool_choice: 'none'` is said by sending none; a choice that forces a call has no
 * counterpart in Ollama's API.
 */
export function toOllamaTools(fields: Fields, translation: Translation): OllamaTool[] | undefined {
  const choice = given(fields, 'tool_choice')
  if (choice === 'none') return undefined
  if (choice !== undefined && choice !== 'auto') {
    translation.unsupported('tool_choice', 'Ollama cannot be made to call a tool')
  }
  const tools = given(fields, 'tools')
  if (tools === undefined) return undefined
  if (!Array.isArray(tools)) throw invalidRequest('`tools` must be a list', 'tools')
  const result = tools.flatMap((tool: unknown, i) => toOllamaTool(tool, `tools[${i}]`, translation) ?? [])
  return result.length > 0 ? result : undefined
}

function toOllamaTool(tool: unknown, path: string, translation: Translation): OllamaTool | undefined {
  if (!isRecord(tool)) throw invalidRequest(`\`${path}\` must be an object`, path)
  if (tool['type'] !== 'function') {
    translation.unsupported(path, 'Ollama knows function tools only')
    return undefined
  }
  const definition = tool['function']
  if (!isRecord(definition)) throw invalidRequest(`\`${path}.function\` must be an object`, `${path}.function`)
  const { name, description, parameters, strict } = definition
  if (typeof name !== 'string' || name === '') {
    throw invalidRequest(`\`${path}.function.name\` must be a string`, `${path}.function.name`)
  }
  if (strict === true)
    translation.unsupported(`${path}.function.strict`, 'Ollama does not bind arguments to the schema')
  return {
    type: 'function',
    function: {
      name,
      ...(typeof description === 'string' ? { description } : {}),
      // Not optional in Ollama's API; OpenAI's default for a missing schema is an empty list of parameters.
      parameters: parameters ?? { type: 'object', properties: {} },
    },
  }
}
