// Builds the package's JavaScript: its own files in a few chunks, its dependencies where npm puts them. Three hundred small
// files would cost every start the time to find and read them one by one.
import { readFileSync, writeFileSync } from 'node:fs'
import { builtinModules, isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'
import type { OutputAsset, OutputChunk } from 'rolldown'
import { esmExternalRequirePlugin } from 'rolldown/plugins'
import { createStartChunks } from './start-chunks.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  engines: { node: string }
}

/** Packages of many small files, which are joined as well: zod's alone would be a tenth of the time of a start. */
const CONFIG = ['c12', 'confbox', 'defu', 'destr', 'dotenv', 'exsolve', 'pathe', 'perfect-debounce', 'pkg-types', 'rc9']
const JOINED = ['zod', 'citty', 'consola', ...CONFIG]
/** c12 imports it for every config; few configs are programs that Node itself cannot read. */
const JITI = fileURLToPath(new URL('jiti-on-demand.ts', import.meta.url))

/** Neither a file nor a module that rolldown makes. */
const isPackage = (id: string) => !/^([./\0]|builtin:)/.test(id)
const isForC12 = (id: string, importer: string | undefined) =>
  id === 'jiti' && !!importer?.includes('/node_modules/c12/')
const isJoined = (id: string) => JOINED.some((name) => id === name || id.startsWith(`${name}/`))

/** An import of nothing, of what would have made `createRequire`. */
function withoutBareImports(output: OutputAsset | OutputChunk): void {
  if (output.type === 'chunk') output.code = output.code.replace(/^import "node:\w+";\n/gm, '')
}

await build({
  cwd: root,
  platform: 'node',
  // The others are imported as they are: an app and the gateway have one h3.
  external: (id, importer) => isPackage(id) && !isJoined(id) && !isForC12(id, importer) && !isBuiltin(id),
  plugins: [
    { name: 'jiti-on-demand', resolveId: (id, importer) => (isForC12(id, importer) ? JITI : null) },
    // What is joined and requires Node's modules imports them instead: `createRequire` would be in the runtime that the
    // public entry shares, which has to load on other platforms, and where an app is bundled as CommonJS.
    esmExternalRequirePlugin({ external: [...builtinModules, /^node:/] }),
    { name: 'bare-runtime', generateBundle: (_options, bundle) => Object.values(bundle).forEach(withoutBareImports) },
  ],
  transform: { target: `node${engines.node.replace(/[^\d.]/g, '')}` },
  input: {
    'src/index': 'src/index.ts',
    'src/cli/main': 'src/cli/main.ts',
    'test/suites/index': 'test/suites/index.ts',
    // Started by its place beside the module that starts it.
    'chunks/drain-worker': 'plugins/ledger/drain-worker.ts',
  },
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    codeSplitting: { groups: createStartChunks() },
    comments: { legal: true, annotation: false, jsdoc: false },
  },
})

const licences = JOINED.map((name) => {
  const text = readFileSync(new URL(`../node_modules/${name}/LICENSE`, import.meta.url), 'utf8')
  return `## ${name}\n\n${text.trim()}\n`
})
writeFileSync(
  new URL('../dist/THIRD-PARTY.md', import.meta.url),
  `# Packages that are part of these files\n\n${licences.join('\n')}`,
)
