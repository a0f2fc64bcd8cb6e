import { html } from './html.ts'
import { makePage } from './page.ts'
import type { Page } from './page.ts'
import { baseStyle, homeStyle } from './style.ts'

export interface HomeFacts {
  readonly version: string
  readonly draining: boolean
  readonly origin: string
  /** Where the API reference is. */
  readonly docs: string
  /** A model that the example may call. */
  readonly model: string
}

/** The start page: that the gateway is alive, where to go, and a first call. */
export function makeHomePage({ version, draining, origin, docs, model }: HomeFacts): Promise<Page> {
  const links = [
    [docs, 'API reference'],
    ['/openapi.json', 'the same for programs'],
    ['/v1/models', 'the models you can use'],
    ['/health/readiness', 'ready for traffic or not'],
    ['/health', 'calls every model once'],
  ] as const
  const body = html`<main>
    <h1>Ungate <small>${version}</small></h1>
    <p class="lead">
      <span class="alive${draining && ' draining'}"></span
      >${draining ? 'Going down: finishing what runs.' : 'The gateway is up.'}
    </p>
    <h2>Where to go</h2>
    <ul>
      ${links.map(([path, what]) => html`<li><a href=".${path}">${path}</a><span>${what}</span></li>`)}
    </ul>
    <h2>A first call</h2>
    <pre><code>curl ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer $GATEWAY_KEY" \\
  -H 'content-type: application/json' \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'</code></pre>
    <p class="lead">
      Without a master key any value will do for the key. OpenAI clients take the base URL <code>${origin}/v1</code>.
    </p>
  </main>`
  return makePage({ title: 'Ungate', body, style: baseStyle + homeStyle })
}
