import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createMemoryCounters } from '../../src/counters/memory.ts'
import { createGatewayStorage } from '../../src/storage.ts'
import { testCounters } from '../suites/counters.ts'
import { testStorage } from '../suites/storage.ts'

let now = 1_000_000
const clock = { now: () => now }
const advance = (ms: number) => void (now += ms)
const folder = mkdtempSync(join(tmpdir(), 'gateway-storage-'))
let stores = 0
afterAll(() => rmSync(folder, { recursive: true }))

testCounters({ name: 'in memory', make: () => createMemoryCounters(clock.now), advance })
testStorage({ name: 'in memory', make: () => createGatewayStorage(undefined, undefined, clock), advance })
testStorage({
  name: 'on disk',
  make: () => createGatewayStorage({ default: { driver: 'fs', base: `./${++stores}` } }, folder, clock),
  advance,
})
testStorage({
  name: 'in a driver of unstorage',
  make: () => createGatewayStorage({ default: { driver: 'lru-cache', max: 1000 } }, folder, clock),
  advance,
})
