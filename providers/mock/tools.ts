import { invalidRequest } from '../../src/index.ts'
import type { ChatToolCall } from '../../src/index.ts'
import { isRecord, records } from './fields.ts'
import type { Fields } from './fields.ts'
import { hexOf } from './hash.ts'
import type { MockRequest } from './request.ts'
import { sampleOf } from './sample.ts'

/**
 * The calls that the answer makes: the tool that `tool_choice` names or the first one, with arguments that fit its
 * schema. None after a tool's result, so that a loop of calls and results ends.
 */
export function planToolCalls(request: MockRequest, choice: number): ChatToolCall[] {
  const { body, behaviour } = request
  const wanted = body['tool_choice']
  const tools = allowed(functionsOf(body['tools']), wanted)
  if (tools.length === 0 || wanted === 'none' || SILENT.has(behaviour.name)) return []
  if (records(body['messages']).at(-1)?.['role'] === 'tool') return []
  const parallel = behaviour.name === 'parallel-tools' && body['parallel_tool_calls'] !== false
  const called = parallel ? (tools.length > 1 ? tools : [...tools, ...tools]) : tools.slice(0, 1)
  return called.map((tool, i) => ({
    id: `call_${hexOf(`${request.id} ${choice} ${i}`)}`,
    type: 'function',
    function: {
      name: typeof tool['name'] === 'string' ? tool['name'] : '',
      arguments: JSON.stringify(argumentsOf(tool['parameters'])),
    },
  }))
}

// These say exactly what the answer's text is.
const SILENT: ReadonlySet<string> = new Set(['echo', 'tokens', 'empty-text'])

function functionsOf(tools: unknown): Fields[] {
  return records(records(tools).map((tool) => tool['function']))
}

function allowed(tools: Fields[], choice: unknown): Fields[] {
  if (!isRecord(choice)) return tools
  if (choice['type'] === 'allowed_tools' && isRecord(choice['allowed_tools'])) {
    const names = new Set(functionsOf(choice['allowed_tools']['tools']).map((tool) => tool['name']))
    return tools.filter((tool) => names.has(tool['name']))
  }
  const name = isRecord(choice['function']) ? choice['function']['name'] : undefined
  const named = tools.filter((tool) => tool['name'] === name)
  if (named.length > 0) return named
  throw invalidRequest('`tool_choice` names a function that is not in `tools`.', 'tool_choice')
}

function argumentsOf(parameters: unknown): Fields {
  const value = sampleOf(parameters ?? { type: 'object' })
  return isRecord(value) ? value : {}
}
