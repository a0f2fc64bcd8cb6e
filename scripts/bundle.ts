// Builds the package's JavaScript: its own files in a few chunks, its dependencies where npm puts them. Three hundred small
// files would cost every start the time to find and read them one by one.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  engines: { node: string }
}

/** Packages of many small files, which are joined as well: zod's alone would be a tenth of the time of a start. */
const JOINED = ['zod', 'citty', 'consola']

const isJoined = (id: string) => JOINED.some((name) => id === name || id.startsWith(`${name}/`))

await build({
  cwd: root,
  platform: 'node',
  // The others are imported as they are: an app and the gateway have one h3.
  external: (id) => !/^[./]/.test(id) && !id.startsWith('\0') && !isJoined(id),
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
