import { html, raw } from './html.ts'
import type { Html } from './html.ts'

export interface PageParts {
  readonly title: string
  readonly body: Html
  readonly style: string
  readonly script?: string
}

/** A whole page and the policy it is served with. */
export interface Page {
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
}

/** The sign in the browser's tab: a gate. */
const ICON =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path d='M2 14V7a6 6 0 0 1 12 0v7M6 14V8M10 14V8' fill='none' stroke='%230f7b6c' stroke-width='1.6' stroke-linecap='round'/></svg>"

/**
 * Makes a page that loads nothing: style and script are in it, and the policy (CSP level 3) allows these two by their
 * hashes and nothing else, so that text which got past the escaping still could not run or send anything.
 */
export async function makePage({ title, body, style, script }: PageParts): Promise<Page> {
  const policy = [
    "default-src 'none'",
    `style-src '${await hash(style)}'`,
    ...(script === undefined ? [] : [`script-src '${await hash(script)}'`]),
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="${ICON}" />
        ${raw(`<style>${style}</style>`)}
      </head>
      <body>
        ${body} ${script !== undefined && raw(`<script>${script}</script>`)}
      </body>
    </html> `
  return {
    text: page.text,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    },
  }
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`
}
