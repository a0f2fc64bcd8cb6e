import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadGatewayConfig } from '../../../src/config/load.ts'
import { project, write } from './project.ts'

it('takes back what is taken out of .env, or goes with it, and nothing else', async () => {
  const cwd = project({ 'gateway.config.yaml': 'port: 4100', '.env': 'ONE=1\nTWO=2\nSHELL_VAR=file\n' })
  const env: NodeJS.ProcessEnv = { SHELL_VAR: 'shell' }
  await loadGatewayConfig({ cwd, env })
  expect(env).toEqual({ SHELL_VAR: 'shell', ONE: '1', TWO: '2' })
  write(join(cwd, '.env'), 'TWO=2\n')
  await loadGatewayConfig({ cwd, env })
  expect(env).toEqual({ SHELL_VAR: 'shell', TWO: '2' })
  rmSync(join(cwd, '.env'))
  await loadGatewayConfig({ cwd, env })
  expect(env).toEqual({ SHELL_VAR: 'shell' })
})

it('takes the later of two files, the one where the command runs', async () => {
  const cwd = project({
    'sub/gateway.config.yaml': 'port: 4100',
    'sub/.env': 'ONE=project\nTWO=2\n',
    '.env': 'ONE=cwd\n',
  })
  const env: NodeJS.ProcessEnv = {}
  await loadGatewayConfig({ cwd, file: 'sub/gateway.config.yaml', env })
  expect(env).toEqual({ ONE: 'cwd', TWO: '2' })
})
