import { html, prose } from './html.ts'
import type { Html } from './html.ts'
import { makePage } from './page.ts'
import type { Page } from './page.ts'
import { renderFields } from './render-schema.ts'
import { renderOperation } from './render-operation.ts'
import type { PlacedOperation } from './render-operation.ts'
import { referenceScript } from './script.ts'
import { baseStyle, referenceStyle } from './style.ts'
import type { OpenAPIDocument } from './types.ts'

/**
 * The API reference: everything in the document, on one page that loads nothing.
 * @param root the gateway's root, seen from the page: `./`, `../`
 */
export function makeReferencePage(document: OpenAPIDocument, root: string): Promise<Page> {
  const { info, servers, components } = document
  const groups = groupByTag(document)
  const security = components.securitySchemes['bearerAuth']?.['description']
  const schemas = Object.entries(components.schemas).sort(([a], [b]) => (a < b ? -1 : 1))
  const body = html`<header class="top">
      <a class="brand" href="${root}">Ungate</a><span class="version">${info.version}</span>
      <input type="search" id="find" placeholder="Filter" aria-label="Filter the operations" hidden />
      <a class="raw" href="${root}openapi.json">openapi.json</a>
    </header>
    <nav aria-label="Operations">
      ${groups.map(renderNavigation)}
      <section>
        <h2><a href="#schemas">Schemas</a></h2>
      </section>
    </nav>
    <main>
      <section class="intro">
        <h1>${info.title}</h1>
        <p>${prose(info.description)}</p>
        <dl>
          <dt>Base URL</dt>
          <dd><code>${servers[0]?.url ?? ''}</code></dd>
          <dt>Key</dt>
          <dd>${prose(security ?? '')}</dd>
        </dl>
      </section>
      ${groups.map(
        ({ tag, operations }) =>
          html`<section class="group" id="${toAnchor(tag)}">
            <h2>${tag}</h2>
            ${operations.map((operation) => renderOperation(operation, document))}
          </section> `,
      )}
      <section class="group" id="schemas">
        <h2>Schemas</h2>
        ${schemas.map(
          ([name, schema]) =>
            html`<article class="schema" id="schema-${name}" data-find="${name.toLowerCase()}">
              <h3><a href="#schema-${name}">${name}</a></h3>
              ${schema.description && html`<p>${prose(schema.description)}</p>`}${renderFields(schema)}
            </article> `,
        )}
      </section>
    </main>`
  return makePage({
    title: `${info.title} reference`,
    body,
    style: baseStyle + referenceStyle,
    script: referenceScript,
  })
}

interface Group {
  readonly tag: string
  readonly operations: readonly PlacedOperation[]
}

function groupByTag({ tags, paths }: OpenAPIDocument): Group[] {
  const all = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
  )
  const usual = all.filter(({ operation }) => operation['x-alias-of'] === undefined)
  const placed = usual.map((entry) => ({
    ...entry,
    aliases: all
      .filter((other) => other.method === entry.method && other.operation['x-alias-of'] === entry.path)
      .map(({ path }) => path),
  }))
  return tags.map(({ name }) => ({
    tag: name,
    operations: placed.filter(({ operation }) => operation.tags[0] === name),
  }))
}

function renderNavigation({ tag, operations }: Group): Html {
  return html`<section>
    <h2><a href="#${toAnchor(tag)}">${tag}</a></h2>
    <ul>
      ${operations.map(
        ({ method, path, operation }) =>
          html`<li>
            <a href="#${operation.operationId}" title="${operation.summary}"
              ><b class="method ${method}">${method === 'delete' ? 'DEL' : method.toUpperCase()}</b
              ><span>${path}</span></a
            >
          </li>`,
      )}
    </ul>
  </section> `
}

function toAnchor(tag: string): string {
  return `tag-${tag.toLowerCase().replaceAll(/\W+/g, '-')}`
}
