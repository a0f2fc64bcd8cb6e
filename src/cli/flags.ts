import type { ArgsDef } from 'citty'

/** Flags of `dev`, `start` and `check`, with LiteLLM's names as they are. */
export const flags = {
  config: {
    type: 'string',
    alias: 'c',
    description: 'Config file: gateway.config.*, or a LiteLLM config.yaml',
    valueHint: 'file',
  },
  port: { type: 'string', alias: 'p', description: 'Port (default 4000)', valueHint: 'number' },
  host: {
    type: 'string',
    description: 'Address to listen on (default 127.0.0.1; 0.0.0.0 with a master key)',
    valueHint: 'address',
  },
  model: {
    type: 'string',
    alias: 'm',
    description: 'Serve this one model without a config: ollama/llama3',
    valueHint: 'provider/model',
  },
  alias: { type: 'string', description: 'Public name for --model', valueHint: 'name' },
  api_base: { type: 'string', description: 'Base URL for --model', valueHint: 'url' },
  debug: { type: 'boolean', description: 'Say more' },
} satisfies ArgsDef

/** citty lets unknown flags pass in silence; a typo should not. */
export function unknownFlags(argv: readonly string[], known: ArgsDef): string[] {
  const names = new Set(['help', 'h', 'version', 'v'])
  for (const [name, definition] of Object.entries(known)) {
    names.add(name)
    names.add(`no-${name}`)
    const { alias } = definition as { alias?: string | string[] }
    for (const other of [alias ?? []].flat()) names.add(other)
  }
  return argv
    .filter((word) => word.startsWith('-') && word !== '-' && word !== '--')
    .map((word) => word.replace(/^--?/, '').replace(/=.*$/, ''))
    .filter((name) => !names.has(name) && !/^\d/.test(name))
}

/** A port from the command line, or undefined; throws where it is none. */
export function toPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`--port must be a number from 0 to 65535, not "${text}".`)
}
