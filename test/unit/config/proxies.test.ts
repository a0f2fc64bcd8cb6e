import { expect, it } from 'vitest'
import { loadGatewayConfig } from '../../../src/config/load.ts'
import { project } from './project.ts'

it.each([
  [{ HTTPS_PROXY: 'http://user:secret@proxy:3128', no_proxy: '*' }, 'HTTPS_PROXY says'],
  [{ http_proxy: 'http://proxy:3128', ALL_PROXY: 'socks5://proxy' }, 'http_proxy and ALL_PROXY say'],
])('says that proxies of the environment are not used: %j', async (env, words) => {
  for (const files of [{}, { 'gateway.config.yaml': 'port: 4100' }, { 'config.yaml': 'model_list: []' }]) {
    const { warnings } = await loadGatewayConfig({ cwd: project(files), env: { ...env } })
    expect(warnings.join('\n')).toContain(`providers are called directly, whatever ${words}.`)
    expect(warnings.join('\n')).not.toContain('secret')
  }
})

it('says nothing of proxies where there are none', async () => {
  expect((await loadGatewayConfig({ cwd: project(), env: { HTTPS_PROXY: '', NO_PROXY: '*' } })).warnings).toEqual([])
})
