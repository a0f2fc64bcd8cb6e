import { describe, expect, it } from 'vitest'
import { join } from 'node:path'
import { loadGatewayConfig } from '../../../src/config/load.ts'
import { problemsOf, project, write } from './project.ts'

const MODELS = '[{ name: "a", model: "openai/a" }]'

describe('finding a config', () => {
  it('starts with nothing', async () => {
    const cwd = project()
    expect(await loadGatewayConfig({ cwd, env: {} })).toEqual({
      config: {},
      files: expect.arrayContaining([join(cwd, 'gateway.config.ts'), join(cwd, 'config.yaml')]) as string[],
      root: cwd,
      source: 'none',
      warnings: [],
    })
  })

  it.each([
    ['gateway.config.ts', 'const port: number = 4100\nexport default { port }'],
    ['gateway.config.mts', 'export default { port: 4100 as number }'],
    ['gateway.config.js', 'module.exports = { port: 4100 }'],
    ['gateway.config.mjs', 'export default { port: 4100 }'],
    ['gateway.config.json', '{ "port": 4100 }'],
    ['gateway.config.jsonc', '{ "port": 4100, // the usual\n}'],
    ['gateway.config.json5', '{ port: 4100 }'],
    ['gateway.config.yaml', 'port: 4100\n'],
    ['gateway.config.yml', 'port: 4100\n'],
    ['gateway.config.toml', 'port = 4100\n'],
    ['.config/gateway.yaml', 'port: 4100\n'],
  ])('reads %s', async (name, text) => {
    const cwd = project({ [name]: text })
    expect(await loadGatewayConfig({ cwd, env: {} })).toEqual({
      config: { port: 4100 },
      files: [join(cwd, name)],
      root: cwd,
      source: name,
      warnings: [],
    })
  })

  it('takes an explicit file of any name; its folder is the root', async () => {
    const cwd = project({ 'deploy/prod.yaml': 'port: 1\n', 'gateway.config.yaml': 'port: 2\n' })
    const loaded = await loadGatewayConfig({ cwd, file: 'deploy/prod.yaml', env: {} })
    expect(loaded.config).toEqual({ port: 1 })
    expect([loaded.root, loaded.source]).toEqual([join(cwd, 'deploy'), 'deploy/prod.yaml'])
  })

  it('says which of several configs is used', async () => {
    const cwd = project({ 'gateway.config.yaml': 'port: 2\n', 'gateway.config.mjs': 'export default { port: 1 }' })
    const { config, warnings } = await loadGatewayConfig({ cwd, env: {} })
    expect(config).toEqual({ port: 1 })
    expect(warnings).toEqual(['gateway.config.mjs is used; gateway.config.yaml beside it is ignored.'])
  })

  it("takes a config.yaml only where it is LiteLLM's", async () => {
    const cwd = project({ 'config.yaml': 'model_list:\n  - model_name: a\n    litellm_params: { model: openai/a }\n' })
    const loaded = await loadGatewayConfig({ cwd, env: {} })
    expect(loaded.source).toBe('config.yaml')
    expect(loaded.config).toEqual({ models: [{ name: 'a', model: 'openai/a' }] })
    expect(loaded.litellm).toEqual({})
    const other = project({ 'config.yaml': 'port: 1\nbroken: [\n' })
    expect((await loadGatewayConfig({ cwd: other, env: {} })).source).toBe('none')
  })

  it.each([
    ['missing.yaml', 'missing.yaml: was not found. Check the path given as config.'],
    ['folder', 'folder: is a folder. Give the path of a file.'],
    [
      'notes.txt',
      'notes.txt: is no config of a known kind. Use one of .ts, .mts, .js, .mjs, .cts, .cjs, .json, .jsonc, .json5, .yaml, .yml, .toml.',
    ],
  ])('refuses --config %s', async (file, line) => {
    const cwd = project({ 'notes.txt': '', 'folder/x.yaml': '' })
    expect(await problemsOf(() => loadGatewayConfig({ cwd, file, env: {} }))).toEqual([line])
  })

  it.each(['', '# nothing yet\n', '---\n'])('takes an empty file %j as an empty config', async (text) => {
    const cwd = project({ 'gateway.config.yaml': text })
    expect((await loadGatewayConfig({ cwd, env: {} })).config).toEqual({})
  })
})

describe('what c12 would do by itself', () => {
  it('reads no rc file and no package.json', async () => {
    const cwd = project({
      'gateway.config.yaml': 'port: 1\n',
      '.gatewayrc': 'host=evil.example\n',
      'package.json': '{ "gateway": { "host": "evil.example" } }',
    })
    expect((await loadGatewayConfig({ cwd, env: {} })).config).toEqual({ port: 1 })
  })

  it('applies $production by NODE_ENV and replaces lists instead of adding to them', async () => {
    const text = `export default { models: ${MODELS}, $production: { models: [{ name: 'b', model: 'openai/b' }] } }`
    const cwd = project({ 'gateway.config.mjs': text })
    const production = await loadGatewayConfig({ cwd, env: { NODE_ENV: 'production' } })
    expect(production.config).toEqual({ models: [{ name: 'b', model: 'openai/b' }] })
    const development = await loadGatewayConfig({ cwd, env: {} })
    expect(development.config).toEqual({ models: [{ name: 'a', model: 'openai/a' }] })
  })

  it('extends local configs, the config itself winning', async () => {
    const cwd = project({
      'gateway.config.yaml': 'extends: ./shared/base.yaml\nport: 1\nplugins: { retry: { attempts: 5 } }\n',
      'shared/base.yaml': 'extends: ./root\nport: 2\nhost: base\nplugins: { retry: { attempts: 1, delay: 2 } }\n',
      'shared/root.mjs': `export default { models: ${MODELS} }`,
    })
    const { config, files } = await loadGatewayConfig({ cwd, env: {} })
    expect(config).toEqual({
      port: 1,
      host: 'base',
      plugins: { retry: { attempts: 5, delay: 2 } },
      models: [{ name: 'a', model: 'openai/a' }],
    })
    expect(files).toEqual(['gateway.config.yaml', 'shared/base.yaml', 'shared/root.mjs'].map((name) => join(cwd, name)))
  })

  it.each(['gh:acme/gateway', 'https://acme.example/base.yaml', './none'])('fetches nothing: %s', async (base) => {
    const cwd = project({ 'gateway.config.yaml': `extends: ${base}\n` })
    expect(await problemsOf(() => loadGatewayConfig({ cwd, env: {} }))).toEqual([
      `gateway.config.yaml: extends: "${base}" was not found. Give a relative path or the name of an installed package.`,
    ])
  })

  it('refuses configs that extend each other', async () => {
    const cwd = project({ 'gateway.config.yaml': 'extends: ./b.yaml\n', 'b.yaml': 'extends: ./gateway.config.yaml\n' })
    expect(await problemsOf(() => loadGatewayConfig({ cwd, env: {} }))).toEqual([
      'b.yaml: extends: "./gateway.config.yaml" extends this file in turn. Remove one of the two.',
    ])
  })
})

describe('the environment', () => {
  it('replaces whole strings, reads numbers, and leaves other strings alone', async () => {
    const cwd = project({
      'gateway.config.yaml': `
port: env:PORT
environment: os.environ/TAKE
timeout: 30
host: "env: PORT"
models:
  - { name: a, model: openai/a, apiKey: env:KEY, baseURL: "http://\${HOST}/env:KEY", apiVersion: 2024-02-01, rpm: env:RPM }
plugins: { master-key: { key: os.environ/KEY } }
`,
    })
    const { config } = await loadGatewayConfig({ cwd, env: { PORT: '4100', TAKE: 'True', KEY: 'sk-1', RPM: '12.5' } })
    expect(config).toEqual({
      port: 4100,
      environment: true,
      timeout: 30,
      host: 'env: PORT',
      models: [
        {
          name: 'a',
          model: 'openai/a',
          apiKey: 'sk-1',
          baseURL: 'http://${HOST}/env:KEY',
          apiVersion: '2024-02-01',
          rpm: 12.5,
        },
      ],
      plugins: { 'master-key': { key: 'sk-1' } },
    })
  })

  it('names every variable that is not set, with its option', async () => {
    const cwd = project({
      'gateway.config.yaml': 'port: env:PORT\nmodels: [{ name: a, model: openai/a, apiKey: env:KEY }]\n',
    })
    expect(await problemsOf(() => loadGatewayConfig({ cwd, env: { KEY: '' } }))).toEqual([
      'gateway.config.yaml: port: environment variable PORT is not set. Set PORT, or write the value.',
      'gateway.config.yaml: models[0].apiKey: environment variable KEY is not set. Set KEY, or write the value.',
    ])
  })

  it('reads .env without changing what is set, and follows its edits', async () => {
    const cwd = project({ 'gateway.config.mjs': 'export default { host: "env:HOST_A", aliases: { x: "env:OTHER" } }' })
    write(join(cwd, '.env'), 'HOST_A=from-file\nOTHER="a$b ${HOST_A}"\n')
    const env: NodeJS.ProcessEnv = { HOST_A: 'from-shell' }
    const first = await loadGatewayConfig({ cwd, env })
    expect(first.config).toEqual({ host: 'from-shell', aliases: { x: 'a$b ${HOST_A}' } })
    expect(first.files).toEqual([join(cwd, '.env'), join(cwd, 'gateway.config.mjs')])
    write(join(cwd, '.env'), 'HOST_A=from-file\nOTHER=edited\n')
    expect((await loadGatewayConfig({ cwd, env })).config.aliases).toEqual({ x: 'edited' })
    expect(env).toEqual({ HOST_A: 'from-shell', OTHER: 'edited' })
  })

  it('has .env before a config that is a program runs', async () => {
    const cwd = project({
      'gateway.config.mjs': 'export default { host: process.env.GATEWAY_TEST_DOTENV_HOST }',
      '.env': 'GATEWAY_TEST_DOTENV_HOST=10.0.0.1\n',
    })
    try {
      expect((await loadGatewayConfig({ cwd })).config).toEqual({ host: '10.0.0.1' })
    } finally {
      delete process.env['GATEWAY_TEST_DOTENV_HOST']
    }
  })
})

describe('a reload', () => {
  it.each([
    ['gateway.config.ts', (n: number) => `const port: number = ${n}\nexport default { port }`],
    ['gateway.config.mjs', (n: number) => `export default { port: ${n} }`],
    ['gateway.config.json', (n: number) => `{ "port": ${n} }`],
    ['gateway.config.yaml', (n: number) => `port: ${n}\n`],
  ])('sees the edits of %s', async (name, text) => {
    const cwd = project()
    for (const port of [1, 2, 3]) {
      write(join(cwd, name), text(port))
      expect((await loadGatewayConfig({ cwd, env: {} })).config).toEqual({ port })
    }
  })

  it('names the files that the config imports', async () => {
    const cwd = project({
      'gateway.config.ts': "import { port } from './lib/port.ts'\nexport default { port }",
      'lib/port.ts': "import { one } from './one'\nexport const port: number = one",
      'lib/one.ts': 'export const one: number = 1',
    })
    const { config, files } = await loadGatewayConfig({ cwd, env: {} })
    expect(config).toEqual({ port: 1 })
    expect(files).toEqual(['gateway.config.ts', 'lib/port.ts', 'lib/one.ts'].map((file) => join(cwd, file)))
  })

  it('recovers from a broken edit', async () => {
    const cwd = project()
    const file = join(cwd, 'gateway.config.mjs')
    write(file, 'export default { port: 1 }')
    await loadGatewayConfig({ cwd, env: {} })
    write(file, 'export default { port: }')
    await problemsOf(() => loadGatewayConfig({ cwd, env: {} }))
    write(file, 'export default { port: 2 }')
    expect((await loadGatewayConfig({ cwd, env: {} })).config).toEqual({ port: 2 })
  })
})

describe('configs that are programs', () => {
  it('may be functions, may be asynchronous, may use what Node cannot strip', async () => {
    const cwd = project({
      'gateway.config.ts': 'enum Port { Main = 4100 }\nexport default async () => ({ port: Port.Main })',
    })
    expect((await loadGatewayConfig({ cwd, env: {} })).config).toEqual({ port: 4100 })
  })

  it('keep the definitions in use as they are', async () => {
    const cwd = project({
      'gateway.config.mjs': `
globalThis.gatewayTestDefinition = { kind: 'plugin', name: 'x', options: {}, setup() {}, note: 'env:NOT_A_VARIABLE' }
export default { use: ['./a.ts', globalThis.gatewayTestDefinition] }`,
    })
    const { config } = await loadGatewayConfig({ cwd, env: {} })
    const { gatewayTestDefinition } = globalThis as { gatewayTestDefinition?: unknown }
    expect(config.use?.[0]).toBe('./a.ts')
    expect(config.use?.[1]).toBe(gatewayTestDefinition)
  })
})

describe('files that cannot be read', () => {
  it.each([
    ['gateway.config.yaml', 'a: b: sk-secret\n', 'bad indentation of a mapping entry at line 1, column 5'],
    ['gateway.config.yaml', 'a: 1\na: sk-secret\n', 'duplicated mapping key at line 2, column 1'],
    ['gateway.config.yaml', '- a\n', 'it must hold a map of options'],
    ['gateway.config.yaml', 'hello\n', 'it must hold a map of options'],
    ['gateway.config.json', '{\n  "port": sk-secret\n}', "Unexpected token 's' at line 2, column 11"],
    [
      'gateway.config.json',
      '{ "a": "sk-secret" "b": 1 }',
      "Expected ',' or '}' after property value at line 1, column 20",
    ],
    ['gateway.config.json', '[1]', 'it must hold a map of options'],
    ['gateway.config.toml', 'a = sk-secret\n', 'Invalid TOML document: invalid value at line 1, column 5'],
    ['gateway.config.json5', '{ a: ~secret }', "invalid character '~' at 1:6"],
    ['gateway.config.mjs', 'throw new Error("the vault is closed")', 'the vault is closed'],
    ['gateway.config.mjs', 'export const port = 1', 'it has no default export'],
    ['gateway.config.mjs', 'export default 12', 'it must hold a map of options'],
  ])('%s: %j', async (name, text, reason) => {
    const cwd = project({ [name]: text })
    expect(await problemsOf(() => loadGatewayConfig({ cwd, env: {} }))).toEqual([
      `${name}: cannot be read: ${reason}. Correct the file.`,
    ])
  })

  it('stops at a config that contains itself', async () => {
    const cwd = project({ 'gateway.config.yaml': 'plugins: &a { b: *a }\n' })
    expect(await problemsOf(() => loadGatewayConfig({ cwd, env: {} }))).toEqual([
      'gateway.config.yaml: cannot be read: it is nested deeper than 64 levels. Correct the file.',
    ])
  })
})

describe('what is wrong in a config', () => {
  it('is listed whole, with path, reason and fix', async () => {
    const cwd = project({
      'gateway.config.yaml': `
prot: 4000
port: "4000"
host: ""
timeout: 0
zzzz: 1
dropParams: yes
aliases: { fast: [] }
limits: { body: 1.5, dept: 4 }
models:
  - { name: a, model: openai/a, rpm: -1, headers: { x: 1 } }
  - { model: openai/b, weight: heavy, tags: paid }
plugins: { retry: 3 }
providers: { openai: sk-secret }
use: [./plugins/x.ts, { name: x }]
storage: { main: {} }
`,
    })
    expect(await problemsOf(() => loadGatewayConfig({ cwd, env: {} }))).toEqual([
      'gateway.config.yaml: port: expected a number, got a text. Write a number without quotes.',
      'gateway.config.yaml: host: must not be empty. Give a value or remove the key.',
      'gateway.config.yaml: models[0].rpm: must be 0 or more. Raise it.',
      'gateway.config.yaml: models[0].headers.x: expected a text, got a number. Write a text in quotes.',
      'gateway.config.yaml: models[1].name: is missing. Give a text.',
      'gateway.config.yaml: models[1].weight: expected a number, got a text. Write a number without quotes.',
      'gateway.config.yaml: models[1].tags: expected a list, got a text. Write a list.',
      'gateway.config.yaml: aliases.fast: expected a text, got a list. Write a text in quotes.',
      'gateway.config.yaml: plugins.retry: expected true or false or a map, got a number. Write one of these.',
      'gateway.config.yaml: providers.openai: expected a map, got a text. Write a map of keys and values.',
      'gateway.config.yaml: use[1]: expected a path, a package name or a definition. Give one of these.',
      'gateway.config.yaml: dropParams: expected true or false, got a text. Write true or false without quotes.',
      'gateway.config.yaml: timeout: must be more than 0. Raise it.',
      'gateway.config.yaml: limits.body: expected a whole number, got a fraction. Write a whole number without quotes.',
      'gateway.config.yaml: limits.dept: is not a known key. Did you mean "depth"?',
      'gateway.config.yaml: storage.main.driver: is missing. Give a text.',
      'gateway.config.yaml: prot: is not a known key. Did you mean "port"?',
      'gateway.config.yaml: zzzz: is not a known key. Known are: port, host, models, aliases, plugins, providers, use, folders, environment, dropParams, timeout, limits, storage, counters, passThrough, heartbeat, connections.',
    ])
  })

  it('carries the problems one by one', async () => {
    const cwd = project({ 'gateway.config.yaml': 'port: 70000\n' })
    await expect(loadGatewayConfig({ cwd, env: {} })).rejects.toMatchObject({
      name: 'ConfigError',
      message: 'gateway.config.yaml: port: must be 65535 or less. Lower it.',
      problems: [{ file: 'gateway.config.yaml', path: 'port', message: 'must be 65535 or less. Lower it.' }],
    })
  })
})
