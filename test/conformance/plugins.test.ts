import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plugins } from '../../src/registry.gen.ts'
import { testPlugin } from '../suites/plugin.ts'
import type { PluginSuite } from '../suites/plugin.ts'

const masterKey = 'sk-master-0123456789'

/** Plugins whose options have no defaults, or that admit calls only with a key. */
const settings: Record<string, Omit<PluginSuite, 'definition'>> = {
  cors: { options: { origins: ['https://app.example.com'] } },
  // Nobody listens there: calls without a JWT never ask.
  'jwt-auth': { options: { jwksUrl: 'http://127.0.0.1:9/keys' } },
  'log-file': { options: { path: join(tmpdir(), `gateway-plugins-${process.pid}.jsonl`) } },
  'master-key': { options: { key: masterKey }, headers: { authorization: `Bearer ${masterKey}` } },
  webhook: { options: { urls: ['http://127.0.0.1:9/'] } },
}

for (const [name, load] of Object.entries(plugins)) {
  const { default: definition } = await load()
  testPlugin({ definition, ...settings[name] })
}
