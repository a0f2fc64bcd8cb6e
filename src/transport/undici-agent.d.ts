// undici's entry loads its fetch, WebSocket and cache as well: twice the time, and 15 MB that nobody uses.
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici'
  export default Agent
}
