import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, MEASURED_CORE, startChild } from '../child.ts'
import { install } from '../install.ts'
import { PROVIDER_KEY, UPSTREAM_MODEL } from '../payloads.ts'
import type { Kind } from '../payloads.ts'
import type { Variant } from './types.ts'

const FOLDER = fileURLToPath(new URL('../.peers/portkey', import.meta.url))
const ENTRY = join(FOLDER, 'node_modules/@portkey-ai/gateway/build/start-server.js')

export const PORTKEY_VERSION = '1.15.2'

/** With newer versions of these it does not stream. */
const MANIFEST = {
  private: true,
  dependencies: { '@portkey-ai/gateway': PORTKEY_VERSION },
  overrides: { hono: '4.9.7', '@hono/node-server': '1.13.5', '@hono/node-ws': '1.2.0' },
}

/** Portkey's gateway from npm: routed by headers; it checks no key and keeps no record. */
export const portkey: Variant = {
  name: 'portkey',
  relay: false,
  async prepare() {
    if (existsSync(ENTRY)) return
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(join(FOLDER, 'package.json'), JSON.stringify(MANIFEST, null, 2))
    return install({
      command: 'npm',
      args: ['install', '--ignore-scripts', '--no-audit', '--no-fund'],
      cwd: FOLDER,
      minutes: 3,
    })
  },
  async start({ upstreamPort, folder }) {
    const port = await freePort()
    mkdirSync(folder, { recursive: true })
    const child = startChild({
      core: MEASURED_CORE,
      command: process.execPath,
      args: [ENTRY, '--headless', `--port=${port}`],
      env: { TRUSTED_CUSTOM_HOSTS: '127.0.0.1', NODE_ENV: 'production' },
      cwd: folder,
    })
    return {
      port,
      pids: child.pids,
      output: child.output,
      stop: child.stop,
      request: (kind) => ({
        path: '/v1/chat/completions',
        headers: {
          authorization: `Bearer ${PROVIDER_KEY}`,
          'x-portkey-provider': kind === 'anthropic' ? 'anthropic' : 'openai',
          'x-portkey-custom-host': hostOf(upstreamPort, kind),
        },
        model: UPSTREAM_MODEL,
      }),
    }
  },
}

function hostOf(port: number, kind: Kind): string {
  return `http://127.0.0.1:${port}/${kind}/v1`
}
