import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { renderRegistry } from '../../scripts/gen-registry.ts'
import { plugins, providers } from '../../src/registry.gen.ts'
import { version } from '../../src/version.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  dependencies: Record<string, string>
  peerDependencies: Record<string, string>
}

/** Where the core may name a plugin or a provider, and why. */
const EXCEPTIONS: Record<string, { names: RegExp; reason: string }> = {
  'src/registry.gen.ts': { names: /./, reason: 'the list of built-ins' },
  'src/cli/run.ts': { names: /^log-console$/, reason: '`gateway dev` turns the console log on' },
  'src/cli/print-start.ts': { names: /^mock$/, reason: 'the example of the start screen' },
  'src/server/serve.ts': { names: /^master-key$/, reason: 'the fix in the refusal to bind beyond loopback' },
  'src/lifecycle.ts': { names: /^budget$/, reason: 'the stage of that name' },
  'src/plugins.ts': { names: /^budget$/, reason: 'the stage of that name' },
  'src/cli/check.ts': { names: /^budget$/, reason: 'the stage of that name' },
  'src/migrate/': { names: /^budget$/, reason: 'the kind of document' },
  'src/directory/end-users.ts': { names: /^budget$/, reason: 'the kind of document' },
  'src/prices/check-price-list.ts': { names: /^prices$/, reason: 'a field of the price list' },
  'src/gateway-fields.ts': { names: /^cache$/, reason: 'a field of LiteLLM’s request body' },
  'src/library/split-params.ts': { names: /^cache$/, reason: 'a parameter of LiteLLM’s library' },
}

describe('the core', () => {
  const names = [...Object.keys(plugins), ...Object.keys(providers)]
  const quoted = new RegExp(`(['"\`])(${names.join('|')})\\1|\\bplugins\\??\\.(${names.join('|')})\\b`, 'g')

  test('names no plugin and no provider', () => {
    expect(names.length).toBeGreaterThan(20)
    const found = filesOf('src').flatMap((file) => {
      const allowed = Object.entries(EXCEPTIONS).find(([prefix]) => file.startsWith(prefix))?.[1].names
      return [...withoutComments(read(file)).matchAll(quoted)]
        .map((match) => match[2] ?? match[3]!)
        .filter((name) => !allowed?.test(name))
        .map((name) => `${file} names ${name}`)
    })
    expect(found).toEqual([])
  })

  test('every exception is still needed', () => {
    for (const [prefix, { names: allowed }] of Object.entries(EXCEPTIONS)) {
      const used = filesOf('src')
        .filter((file) => file.startsWith(prefix))
        .some((file) => [...read(file).matchAll(quoted)].some((match) => allowed.test(match[2] ?? match[3]!)))
      expect(used, prefix).toBe(true)
    }
  })

  test('imports no plugin and no provider, but for the registry', () => {
    const found = filesOf('src').flatMap((file) =>
      importsOf(file, 'all').flatMap(({ from }) =>
        /\/(plugins|providers)\//.test(resolveFrom(file, from)) ? `${file} → ${from}` : [],
      ),
    )
    expect(found.filter((line) => !line.startsWith('src/registry.gen.ts'))).toEqual([])
  })

  test('the public entry loads nothing of Node at once, and only light packages', () => {
    const { packages, files } = staticGraph('src/index.ts')
    expect(files.length).toBeGreaterThan(20)
    expect([...packages].filter((name) => !['h3', 'srvx', 'unstorage', 'consola', 'zod'].includes(name))).toEqual([])
  })
})

describe('plugins and providers', () => {
  const files = [...filesOf('plugins'), ...filesOf('providers')]

  test('import the public entry, their own folder, and packages that are declared', () => {
    const found = files.flatMap((file) =>
      importsOf(file, 'all').flatMap(({ from }) => {
        if (!from.startsWith('.')) return isDeclared(from) ? [] : `${file} → ${from}`
        const target = resolveFrom(file, from)
        const own = file.split('/').length > 2 && dirname(target).startsWith(file.split('/').slice(0, 2).join('/'))
        return target === 'src/index.ts' || own ? [] : `${file} → ${from}`
      }),
    )
    expect(found).toEqual([])
  })

  test('are all in the registry, which is up to date', () => {
    expect(read('src/registry.gen.ts')).toBe(renderRegistry())
    for (const [folder, entries] of Object.entries({ plugins, providers })) {
      const there = readdirSync(join(root, folder)).filter((name) => !name.startsWith('_'))
      expect(there.map((name) => name.replace(/\.ts$/, '')).sort()).toEqual(Object.keys(entries).sort())
    }
  })

  test('are named as their files are', async () => {
    for (const [name, load] of [...Object.entries(plugins), ...Object.entries(providers)]) {
      const { default: definition } = (await load()) as { default: { name: string; kind: string } }
      expect(definition.name).toBe(name)
      expect(definition.kind).toBe(name in plugins ? 'plugin' : 'provider')
    }
  })
})

describe('the house', () => {
  const sources = [
    'src',
    'plugins',
    'providers',
    'scripts',
    'test/suites',
    'test/core',
    'test/conformance',
    'test/support',
  ].flatMap(filesOf)

  test('files can be read in one go', () => {
    expect(sources.filter((file) => read(file).split('\n').length > 301)).toEqual([])
  })

  test('no barrel but the two public entries', () => {
    const barrels = sources.filter(
      (file) => !/registry/.test(file) && withoutComments(read(file)).trim() !== '' && withoutImports(file) === '',
    )
    expect(barrels.sort()).toEqual(['src/index.ts', 'test/suites/index.ts'])
  })

  test('the suites for others import only Vitest, Node and the public entry', () => {
    const found = filesOf('test/suites').flatMap((file) =>
      importsOf(file, 'all').flatMap(({ from }) => {
        const fine =
          from === 'vitest' || from === '@ungate/gateway' || from.startsWith('node:') || from.startsWith('./')
        return fine ? [] : `${file} → ${from}`
      }),
    )
    expect(found).toEqual([])
  })

  test('the version is the package’s', () => {
    expect(version).toBe(manifest.version)
  })
})

interface Import {
  from: string
  /** `import()` */
  dynamic: boolean
}

/** What a file imports at run time, or (`all`) its types and dynamic imports too. */
function importsOf(file: string, which: 'static' | 'all'): Import[] {
  const text = withoutComments(read(file))
  const found: Import[] = []
  for (const [, kind, from] of text.matchAll(
    /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm,
  )) {
    if (which === 'all' || !kind) found.push({ from: from!, dynamic: false })
  }
  if (which === 'all')
    for (const [, from] of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g))
      found.push({ from: from!, dynamic: true })
  return found
}

/** All files and packages that importing a file loads at once. */
function staticGraph(entry: string): { files: string[]; packages: Set<string> } {
  const files = [entry]
  const packages = new Set<string>()
  for (const file of files) {
    for (const { from } of importsOf(file, 'static')) {
      if (from.startsWith('.')) {
        const target = resolveFrom(file, from)
        expect(existsSync(join(root, target)), `${file} → ${from}`).toBe(true)
        if (!files.includes(target)) files.push(target)
      } else packages.add(from.startsWith('node:') ? from : packageOf(from))
    }
  }
  return { files, packages }
}

function isDeclared(from: string): boolean {
  const name = packageOf(from)
  // An optional peer may be named too: it is imported on demand, and its absence is reported with the fix.
  return from.startsWith('node:') || name in manifest.dependencies || name in manifest.peerDependencies
}

function packageOf(from: string): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')
}

function resolveFrom(file: string, from: string): string {
  return from.startsWith('.') ? relative(root, resolve(root, dirname(file), from)) : from
}

function withoutImports(file: string): string {
  return withoutComments(read(file))
    .replaceAll(/^(?:import|export)\s+(?:type\s+)?(?:\{[^}]*\}|\*(?: as \w+)?|\w+)\s+from\s+['"][^'"]+['"]/gm, '')
    .trim()
}

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*\/\*\*?[\s\S]*?\*\//gm, '').replaceAll(/^\s*\/\/.*$/gm, '')
}

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(join(root, path)).isDirectory()) return filesOf(path)
    return name.endsWith('.ts') ? [path] : []
  })
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}
