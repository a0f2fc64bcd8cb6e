// Builds the package's JavaScript: its own files in a few chunks, its dependencies where npm puts them. Three hundred small
// files would cost every start the time to find and read them one by one.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  engines: { node: string }
}

await build({
  cwd: root,
  platform: 'node',
  // Packages are imported as they are: an app and the gateway have one h3 and one zod.
  external: (id) => !/^[./]/.test(id) && !id.startsWith('\0'),
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
