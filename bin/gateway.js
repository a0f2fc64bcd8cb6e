#!/usr/bin/env node
// Plain JavaScript that every Node can read: finds the right entry, or says what to do.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 18)) {
  console.error(
    `gateway needs Node 20.18 or newer; this is ${process.version}. Install a newer Node from https://nodejs.org.`,
  )
  process.exit(1)
}
module.enableCompileCache?.()

const source = new URL('../src/cli/main.ts', import.meta.url)
const built = new URL('../dist/src/cli/main.js', import.meta.url)
const readsTypeScript = Boolean(process.features.typescript)

if (existsSync(source) && readsTypeScript && !process.env.GATEWAY_DIST) await import(source.href)
else if (existsSync(built)) await import(built.href)
else if (existsSync(source)) {
  console.error(
    `This is a clone, and ${process.version} cannot run its TypeScript. Run it with "npx gateway …" after "npm ci", or build it with "npm run build" (${fileURLToPath(source)}).`,
  )
  process.exit(1)
} else {
  console.error('The package is incomplete: dist/ is missing. Install it again with "npm i @ungate/gateway".')
  process.exit(1)
}
