import { definePlugin, z } from '../../src/index.ts'
import { prefersJson } from './accept.ts'
import { escapeHtml } from './html.ts'
import type { Page } from './page.ts'
import { PLACEHOLDER_SERVER } from './types.ts'
import type { OpenAPIDocument } from './types.ts'

const TAGS = ['Reference']
const PAGE = { response: z.string(), contentType: 'text/html' }
const path = z.string().regex(/^\/[\w\-./~]*$/, 'Expected a path that begins with /')

/** Says what the gateway serves: for programs, for people, and to whoever opens its address in a browser. */
export default definePlugin({
  name: 'openapi',
  description: 'The start page, /openapi.json from the zod schemas, and the API reference',
  options: z.object({
    docs: path.default('/docs').describe('Path of the API reference; `/` puts it in place of the start page.'),
    rootRedirect: z
      .string()
      .regex(/^(\/(?!\/)|https?:\/\/)/, 'Expected a path or an http(s) URL')
      .optional()
      .describe('Where `/` redirects to, instead of the start page.'),
  }),
  env: { docs: 'DOCS_URL', rootRedirect: 'ROOT_REDIRECT_URL' },
  setup(options, gateway) {
    const { version, models } = gateway
    let built: Promise<OpenAPIDocument> | undefined
    let reference: Promise<Page> | undefined

    // At the first request: only then have all plugins added their routes, and a start that nobody looks at is quicker.
    const read = () => (built ??= import('./document.ts').then(({ buildDocument }) => buildDocument(gateway)))
    const makeReference = async () => {
      const { makeReferencePage } = await import('./reference-page.ts')
      return makeReferencePage(await read(), '../'.repeat(options.docs.split('/').length - 2) || './')
    }

    gateway.route({
      method: 'GET',
      path: '/openapi.json',
      access: 'public',
      tags: TAGS,
      summary: 'This document',
      response: z.looseObject({ openapi: z.string() }),
      async handler({ request }) {
        return { ...(await read()), servers: [{ url: addressOf(request) }] }
      },
    })

    gateway.route({
      method: 'GET',
      path: [...new Set([options.docs, '/redoc'])],
      access: 'public',
      tags: TAGS,
      summary: 'The API reference, for people',
      ...PAGE,
      async handler({ request }) {
        const page = await (reference ??= makeReference())
        return toResponse({ ...page, text: page.text.replaceAll(PLACEHOLDER_SERVER, escapeHtml(addressOf(request))) })
      },
    })

    if (options.docs === '/') return
    gateway.route({
      method: 'GET',
      path: '/',
      access: 'public',
      tags: TAGS,
      summary: 'The start page: that the gateway is alive, and where to go',
      ...PAGE,
      async handler({ request }) {
        if (options.rootRedirect !== undefined) return redirect(options.rootRedirect)
        const draining = gateway.draining()
        const { docs } = options
        const vary = { vary: 'accept' }
        if (prefersJson(request.headers.get('accept'))) {
          const paths = { docs, openapi: '/openapi.json', models: '/v1/models', health: '/health/readiness' }
          return Response.json(
            { name: 'Ungate', version, status: draining ? 'draining' : 'alive', ...paths },
            { headers: vary },
          )
        }
        // Its links are relative: below /ai they would lead out of the mount, below /ai/ they do not.
        const mount = mountOf(request)
        if (mount !== '' && !writtenPath(request).endsWith('/')) return redirect(`${mount}/`)
        const { makeHomePage } = await import('./home-page.ts')
        const model = models.resolve('mock').length > 0 ? 'mock' : '<model>'
        return toResponse(await makeHomePage({ version, draining, origin: addressOf(request), docs, model }), vary)
      },
    })
  },
})

/** The gateway's address as the caller wrote it, with the path it is mounted at; a proxy in front may have taken TLS away. */
function addressOf(request: Request): string {
  const { protocol, host } = new URL(request.url)
  const forwarded = request.headers.get('x-forwarded-proto')
  return `${forwarded === 'https' ? 'https:' : protocol}//${host}${mountOf(request)}`
}

/** What a framework or `toNodeMiddleware` has taken off the path: `/ai`, mostly nothing. */
function mountOf(request: Request): string {
  const { pathname } = new URL(request.url)
  const written = writtenPath(request)
  if (written === pathname) return ''
  if (written.endsWith(pathname)) return written.slice(0, -pathname.length)
  return pathname === '/' ? written : ''
}

/** The path as it came, where Node's request still has it (`originalUrl` is Connect's convention). */
function writtenPath(request: Request): string {
  const { runtime } = request as Request & { runtime?: { node?: { req?: { originalUrl?: string; url?: string } } } }
  const node = runtime?.node?.req
  const original = node?.originalUrl ?? node?.url ?? ''
  return /^\/(?!\/)/.test(original) ? original.split('?', 1)[0]! : new URL(request.url).pathname
}

function toResponse({ text, headers }: Page, more: Record<string, string> = {}): Response {
  return new Response(text, { headers: { ...headers, ...more } })
}

function redirect(to: string): Response {
  return new Response(null, { status: 307, headers: { location: to } })
}
