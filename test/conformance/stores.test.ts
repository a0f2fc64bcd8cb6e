import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createMemoryCounters } from '../../src/counters.ts'
import { createGatewayStorage } from '../../src/storage.ts'
import { testCounters } from '../suites/counters.ts'
import { testStorage } from '../suites/storage.ts'

let now = 1_000_000
const folder = mkdtempSync(join(tmpdir(), 'gateway-storage-'))
let stores = 0
afterAll(() => rmSync(folder, { recursive: true }))

testCounters({ name: 'in memory', make: () => createMemoryCounters(() => now), advance: (ms) => void (now += ms) })
testStorage({ name: 'in memory', make: () => createGatewayStorage(undefined, undefined) })
testStorage({
  name: 'on disk',
  make: () => createGatewayStorage({ default: { driver: 'fs-lite', base: `./${++stores}` } }, folder),
})
