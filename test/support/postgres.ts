import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A PostgreSQL server of one's own on 127.0.0.1, with its data in a temporary folder. */
export interface PostgresServer {
  readonly url: string
  /** Stops it at once, as a crash would; the data stays. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Stops it and deletes the data. */
  remove(): Promise<void>
}

/** Debian's place for the server's programs; undefined where it is not installed. */
export function postgresPrograms(): string | undefined {
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base) ? readdirSync(base) : []
  return versions.map((version) => join(base, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')))
}

/** Makes and starts a server. PostgreSQL refuses to run as root: then it runs as `postgres`. */
export async function startPostgres(bin: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'))
  const data = join(folder, 'data')
  const port = await freePort()
  const { uid, gid } = serverUser()
  if (uid !== undefined) chownSync(folder, uid, gid!)
  const user = uid === undefined ? {} : { uid, gid: gid! }
  const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-U', 'ledger', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...user,
    cwd: folder,
    encoding: 'utf8',
  })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  let server: ChildProcess | undefined
  const url = `postgres://ledger@127.0.0.1:${port}/postgres`

  const start = async () => {
    const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`]
    const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
    server = spawn(join(bin, 'postgres'), args, { ...user, cwd: folder, stdio: 'ignore' })
    const ready = () => spawnSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port), '-q']).status === 0
    while (!ready()) {
      if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode}`)
      await sleep(50)
    }
  }
  const stop = async () => {
    const stopping = server
    server = undefined
    if (!stopping || stopping.exitCode !== null) return
    const ended = new Promise((resolve) => stopping.once('exit', resolve))
    // An immediate shutdown (postgres(1)): no word to the clients, recovery at the next start.
    stopping.kill('SIGQUIT')
    await ended
  }
  await start()
  return {
    url,
    stop,
    start,
    async remove() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  return { uid: id('-u'), gid: id('-g') }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
