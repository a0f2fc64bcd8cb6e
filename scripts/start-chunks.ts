import { fileURLToPath } from 'node:url'

/** What rolldown says of a module. */
interface ModuleInfo {
  readonly importedIds: readonly string[]
  readonly dynamicallyImportedIds: readonly string[]
}
type Lookup = (id: string) => ModuleInfo | null

const path = (file: string) => fileURLToPath(new URL(`../${file}`, import.meta.url))

/** What every start loads, in the order in which modules are taken. */
const CHUNKS = ['core', 'server', 'built-in'] as const
type Chunk = (typeof CHUNKS)[number]

/**
 * Rolldown's groups for what every start loads: what the package's entry needs, what the server needs besides, and all
 * built-in plugins and providers, which a config is read by. A hundred small files would be found, read and linked one by
 * one. What is loaded on demand stays as it is, and what the ledger's worker shares, which needs little.
 */
export function createStartChunks() {
  let names: Map<string, Chunk> | undefined
  return CHUNKS.map((chunk, i) => ({
    name(id: string, modules: { getModuleInfo: Lookup }): string | null {
      names ??= nameAll((module) => modules.getModuleInfo(module))
      return names.get(id) === chunk ? chunk : null
    },
    debugName: chunk,
    priority: CHUNKS.length - i,
  }))
}

function nameAll(lookup: Lookup): Map<string, Chunk> {
  const names = new Map<string, Chunk>()
  const worker = new Set<string>()
  visit([path('plugins/ledger/drain-worker.ts')], lookup, (id) => worker.has(id) || !worker.add(id))
  const builtIns = lookup(path('src/registry.gen.ts'))?.dynamicallyImportedIds ?? []
  const from = { core: [path('src/index.ts')], server: [path('src/cli/start.ts')], 'built-in': builtIns }
  for (const chunk of CHUNKS) {
    visit(from[chunk], lookup, (id) => {
      if (names.has(id) || worker.has(id)) return true
      names.set(id, chunk)
      return false
    })
  }
  return names
}

/** Walks along static imports; `seen` says whether to stop. */
function visit(ids: readonly string[], lookup: Lookup, seen: (id: string) => boolean): void {
  for (const id of ids) if (!seen(id)) visit(lookup(id)?.importedIds ?? [], lookup, seen)
}
