// undici's entry loads its fetch, WebSocket and cache as well: twice the time, and 15 MB that nobody uses.
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici'
  export default Agent
}

/** What undici's newer handlers are given their headers by. */
declare module 'undici/lib/core/util.js' {
  export function parseHeaders(raw: readonly Buffer[]): Record<string, string | string[]>
}
