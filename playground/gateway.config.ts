import { defineGatewayConfig } from '@ungate/gateway'

// The smallest real project: a config, a plugin, a provider and a callback that are live by being there.
// Run it with `npx gateway dev` in this folder. No key is needed.
export default defineGatewayConfig({
  models: [
    { name: 'parrot', model: 'parrot/green' },
    { name: 'mock', model: 'mock/mock' },
  ],
  aliases: { 'gpt-4o': 'mock' },
  plugins: { 'office-hours': { from: 0, to: 24 } },
})
