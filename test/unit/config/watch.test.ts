import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { watchFiles } from '../../../src/config/watch.ts'
import { project, write } from './project.ts'
import type { FileWatcher } from '../../../src/config/watch.ts'

const open: FileWatcher[] = []

afterEach(() => {
  for (const watcher of open.splice(0)) watcher.close()
})

/** Watches, and collects what changed, relative to the root. */
function watching(root: string, files: string[], dirs: string[]): { seen: string[]; watcher: FileWatcher } {
  const seen: string[] = []
  const absolute = (names: string[]) => (): string[] => names.map((name) => join(root, name))
  const watcher = watchFiles(
    absolute(files),
    absolute(dirs),
    (changed) => seen.push(...changed.map((path) => path.slice(root.length + 1))),
    { debounce: 10 },
  )
  open.push(watcher)
  return { seen, watcher }
}

describe('files', () => {
  it('that are edited or replaced are reported, others are not', async () => {
    const root = project({ 'a.yaml': '1', 'b.yaml': '1', '.env': 'A=1' })
    const { seen } = watching(root, ['a.yaml', '.env'], [])
    write(join(root, 'b.yaml'), '2')
    appendFileSync(join(root, 'a.yaml'), '2')
    await vi.waitFor(() => expect(seen).toEqual(['a.yaml']))
    for (const _ of [1, 2]) {
      seen.length = 0
      write(join(root, 'a.yaml.tmp'), '3')
      renameSync(join(root, 'a.yaml.tmp'), join(root, 'a.yaml'))
      await vi.waitFor(() => expect(seen).toEqual(['a.yaml']))
    }
    write(join(root, '.env'), 'A=2')
    await vi.waitFor(() => expect(seen).toEqual(['a.yaml', '.env']))
  })

  it('that a reload brings are watched after update()', async () => {
    const root = project({ 'a.yaml': '1', 'sub/b.yaml': '1' })
    const files = ['a.yaml']
    const { seen, watcher } = watching(root, files, [])
    files.push('sub/b.yaml')
    watcher.update()
    write(join(root, 'sub/b.yaml'), '2')
    await vi.waitFor(() => expect(seen).toEqual(['sub/b.yaml']))
  })

  it('of a mounted Kubernetes config are reported when the link under them is swapped', async () => {
    const root = project({ 'v1/config.yaml': '1', 'v2/config.yaml': '2' })
    symlinkSync('v1', join(root, '..data'))
    symlinkSync('..data/config.yaml', join(root, 'config.yaml'))
    const { seen } = watching(root, ['config.yaml'], [])
    symlinkSync('v2', join(root, '..data_tmp'))
    renameSync(join(root, '..data_tmp'), join(root, '..data'))
    await vi.waitFor(() => expect(seen).toEqual(['config.yaml']))
  })

  it('are reported once for a burst', async () => {
    const root = project({ 'a.yaml': '1', 'b.yaml': '1' })
    const calls: string[][] = []
    const paths = ['a.yaml', 'b.yaml'].map((name) => join(root, name))
    open.push(
      watchFiles(
        () => paths,
        () => [],
        (changed) => calls.push(changed),
      ),
    )
    for (const path of [...paths, ...paths]) appendFileSync(path, '2')
    await vi.waitFor(() => expect(calls).toEqual([paths]))
  })
})

describe('folders', () => {
  it('report what is in them at any depth, but no dotfiles and no packages', async () => {
    const root = project({ 'plugins/a.ts': '1', 'plugins/deep/b.ts': '1', 'plugins/node_modules/c/index.js': '1' })
    const { seen } = watching(root, [], ['plugins'])
    write(join(root, 'plugins/node_modules/c/index.js'), '2')
    write(join(root, 'plugins/.a.ts.swp'), '2')
    write(join(root, 'other.ts'), '2')
    write(join(root, 'plugins/deep/b.ts'), '2')
    await vi.waitFor(() => expect(seen).toEqual(['plugins/deep/b.ts']))
  })

  it('report files that come, also in new folders, and files that go', async () => {
    const root = project({ 'plugins/a.ts': '1' })
    const { seen } = watching(root, [], ['plugins'])
    mkdirSync(join(root, 'plugins/new'))
    await vi.waitFor(() => expect(seen).toEqual(['plugins/new']))
    write(join(root, 'plugins/new/b.ts'), '1')
    await vi.waitFor(() => expect(seen).toContain('plugins/new/b.ts'))
    seen.length = 0
    rmSync(join(root, 'plugins/a.ts'))
    await vi.waitFor(() => expect(seen).toEqual(['plugins/a.ts']))
  })

  it('may be missing, come, go and come again', async () => {
    const root = project()
    const { seen } = watching(root, [join('conf', 'x', 'a.yaml')], ['plugins'])
    for (const _ of [1, 2, 3]) {
      mkdirSync(join(root, 'plugins'))
      await vi.waitFor(() => expect(seen).toEqual(['plugins']))
      write(join(root, 'plugins/a.ts'), '1')
      await vi.waitFor(() => expect(seen).toContain('plugins/a.ts'))
      seen.length = 0
      rmSync(join(root, 'plugins'), { recursive: true })
      await vi.waitFor(() => expect(seen).toContain('plugins'))
      seen.length = 0
    }
    write(join(root, 'conf/x/a.yaml'), '1')
    await vi.waitFor(() => expect(seen).toContain(join('conf', 'x', 'a.yaml')))
  })
})

it('reports nothing after close()', async () => {
  const root = project({ 'a.yaml': '1', 'b.yaml': '1' })
  const closed = watching(root, ['a.yaml'], [])
  const other = watching(root, ['a.yaml'], [])
  appendFileSync(join(root, 'a.yaml'), '2')
  closed.watcher.close()
  closed.watcher.close()
  await vi.waitFor(() => expect(other.seen).toEqual(['a.yaml']))
  expect(closed.seen).toEqual([])
})
