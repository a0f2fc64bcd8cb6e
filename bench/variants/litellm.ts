import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, MEASURED_CORE, startChild } from '../child.ts'
import { firstThatRuns, install } from '../install.ts'
import { KINDS, MASTER_KEY, PROVIDER_KEY, UPSTREAM_MODEL } from '../payloads.ts'
import type { Variant } from './types.ts'

const FOLDER = fileURLToPath(new URL('../.peers/litellm', import.meta.url))
const ENTRY = join(FOLDER, 'bin/litellm')

/** LiteLLM's proxy from PyPI with one worker: master key, routing by its model list. */
export const litellm: Variant = {
  name: 'litellm',
  relay: false,
  slow: true,
  async prepare() {
    if (existsSync(ENTRY)) return
    const python = await firstThatRuns(
      ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'],
      'import venv, sys; sys.exit(sys.version_info < (3, 10))',
    )
    if (!python) return 'no Python from 3.10 on'
    const problem =
      (await install({ command: python, args: ['-m', 'venv', FOLDER], minutes: 2 })) ??
      (await install({ command: join(FOLDER, 'bin/pip'), args: ['install', '--quiet', 'litellm[proxy]'], minutes: 10 }))
    // Half an installation would pass for a whole one the next time.
    if (problem) rmSync(FOLDER, { recursive: true, force: true })
    return problem
  },
  async start({ upstreamPort, folder }) {
    const port = await freePort()
    mkdirSync(folder, { recursive: true })
    const file = join(folder, 'config.yaml')
    writeFileSync(file, JSON.stringify(config(upstreamPort), null, 2))
    const child = startChild({
      core: MEASURED_CORE,
      command: ENTRY,
      args: [
        '--config',
        file,
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--num_workers',
        '1',
        '--telemetry',
        'False',
      ],
      env: { LITELLM_MODE: 'PRODUCTION', LITELLM_LOG: 'ERROR', LITELLM_LOCAL_MODEL_COST_MAP: 'True' },
      cwd: folder,
    })
    return {
      port,
      pids: child.pids,
      output: child.output,
      stop: child.stop,
      request: (kind) => ({
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${MASTER_KEY}` },
        model: `bench-${kind}`,
      }),
    }
  },
}

/** JSON is YAML. */
function config(upstreamPort: number): object {
  const base = `http://127.0.0.1:${upstreamPort}`
  return {
    model_list: KINDS.map((kind) => ({
      model_name: `bench-${kind}`,
      litellm_params:
        kind === 'anthropic'
          ? { model: `anthropic/${UPSTREAM_MODEL}`, api_base: `${base}/anthropic`, api_key: PROVIDER_KEY }
          : { model: `openai/${UPSTREAM_MODEL}`, api_base: `${base}/${kind}/v1`, api_key: PROVIDER_KEY },
    })),
    general_settings: { master_key: MASTER_KEY },
  }
}
