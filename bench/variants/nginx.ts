import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, MEASURED_CORE, startChild } from '../child.ts'
import { UPSTREAM_MODEL } from '../payloads.ts'
import { upstreamPath } from './upstream.ts'
import type { Variant } from './types.ts'

const BINARIES = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx']

/** nginx's `proxy_pass` with one worker: no keys, no routing, no books. The least that a hop can cost. */
export const nginx: Variant = {
  name: 'nginx',
  relay: true,
  prepare: () => Promise.resolve(binary() ? undefined : 'nginx is not installed (Debian: apt install nginx-light)'),
  async start({ upstreamPort, folder }) {
    const port = await freePort()
    mkdirSync(folder, { recursive: true })
    const conf = join(folder, 'nginx.conf')
    writeFileSync(conf, config({ port, upstreamPort, folder }))
    const child = startChild({
      core: MEASURED_CORE,
      command: binary()!,
      args: ['-p', folder, '-c', conf, '-e', join(folder, 'error.log')],
    })
    return {
      port,
      pids: child.pids,
      output: child.output,
      stop: child.stop,
      request: (kind) => ({ path: upstreamPath(kind), headers: {}, model: UPSTREAM_MODEL }),
    }
  },
}

function binary(): string | undefined {
  return BINARIES.find((path) => existsSync(path))
}

function config({ port, upstreamPort, folder }: { port: number; upstreamPort: number; folder: string }): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${folder}/${name};`,
  )
  return `${process.getuid?.() === 0 ? 'user root;\n' : ''}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 8192; }
http {
  access_log off;
${temp.join('\n')}
  keepalive_requests 100000000;
  # Bodies of 32 KB stay in memory, as they do in the others.
  client_body_buffer_size 64k;
  upstream mock {
    server 127.0.0.1:${upstreamPort};
    keepalive 1024;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_http_version 1.1;
    proxy_set_header connection "";
    location /json/ { proxy_pass http://mock; }
    # Streams are not collected; the buffer is nginx's own default.
    location / {
      proxy_buffering off;
      proxy_pass http://mock;
    }
  }
}
`
}
