import { html, prose } from './html.ts'
import type { Html } from './html.ts'
import { renderFields, renderType } from './render-schema.ts'
import type { JsonSchema, MediaType, OpenAPIDocument, Operation, Parameter, Response } from './types.ts'

/** An operation with its place, and the other places where the same thing is served. */
export interface PlacedOperation {
  readonly method: string
  readonly path: string
  readonly operation: Operation
  readonly aliases: readonly string[]
}

/** One operation: what it is for, what it takes, what it answers, and a command to try. */
export function renderOperation(placed: PlacedOperation, document: OpenAPIDocument): Html {
  const { method, path, operation, aliases } = placed
  const body = operation.requestBody?.content['application/json']
  return html`<article
    id="${operation.operationId}"
    data-find="${`${method} ${path} ${aliases.join(' ')} ${operation.summary}`.toLowerCase()}"
  >
    <h3><a href="#${operation.operationId}">${operation.summary}</a></h3>
    <p class="path"><b class="method ${method}">${method.toUpperCase()}</b><code>${path}</code>${access(operation)}</p>
    <div class="columns">
      <div>
        ${operation.description && html`<p>${prose(operation.description)}</p>`}
        ${aliases.length > 0 && html`<p class="aliases">Also at ${aliases.map((alias, i) => html`${i > 0 ? ', ' : ''}<code>${alias}</code>`)}</p>`}
        ${
          operation.parameters &&
          html`<h4>Parameters</h4>
            <ul class="fields">
              ${operation.parameters.map(renderParameter)}
            </ul>`
        }
        ${
          body?.schema &&
          html`<h4>Body</h4>
            ${renderFields(resolve(body.schema, document))}`
        }
        <h4>Answers</h4>
        ${renderResponses(operation, document)}
      </div>
      <div class="sample">
        <div class="code">
          <header>curl<button type="button" hidden>Copy</button></header>
          <pre><code>${toCurl(placed, document)}</code></pre>
        </div>
      </div>
    </div>
  </article> `
}

function renderParameter(parameter: Parameter): Html {
  return html`<li>
    <div class="field">
      <code class="name">${parameter.name}</code>${parameter.required && html`<b class="required">required</b>`}<span
        class="type"
        >${renderType(parameter.schema)}</span
      ><span class="limits">in the ${parameter.in}</span>
    </div>
    ${parameter.description && html`<p>${prose(parameter.description)}</p>`}
  </li>`
}

function renderResponses({ responses }: Operation, document: OpenAPIDocument): Html {
  const entries = Object.entries(responses).map(([status, response]) => [status, follow(response, document)] as const)
  const good = entries.filter(([status]) => !/^[45]/.test(status))
  const errors = entries.filter(([status]) => /^[45]/.test(status))
  return html`${good.map(([status, response]) => renderAnswer(status, response, document))}${
    errors.length > 0 &&
    html`<details>
      <summary>
        <span class="statuses">${errors.map(([status]) => html`<b class="status bad">${status}</b>`)}</span> Errors, all
        as <a href="#schema-Error">Error</a>
      </summary>
      <dl class="errors">
        ${errors.map(
          ([status, { description }]) =>
            html`<dt>${status}</dt>
              <dd>${prose(description)}</dd>`,
        )}
      </dl>
    </details>`
  }`
}

function renderAnswer(status: string, { description, content }: Response, document: OpenAPIDocument): Html {
  const head = html`<b class="status">${status === 'default' ? 'any' : status}</b> ${prose(description)}`
  const kinds = Object.entries(content ?? {}).filter(
    (kind): kind is [string, MediaType & { schema: JsonSchema }] => kind[1].schema !== undefined,
  )
  if (kinds.length === 0) return html`<p class="answer">${head}</p>`
  return html`<p class="answer">${head}</p>
    ${kinds.map(
      ([type, { schema }]) =>
        html`<details>
          <summary><code>${type}</code> <span class="type">${renderType(schema)}</span></summary>
          ${renderFields(resolve(schema, document))}
        </details>`,
    )}`
}

function access(operation: Operation): Html {
  if (operation['x-access'] === 'admin') return html`<span class="access">admin key</span>`
  if (operation['x-access'] === 'viewer') return html`<span class="access">admin or viewer key</span>`
  return operation.security?.length === 0 ? html`<span class="access">no key</span>` : html``
}

/** A command that can be pasted: single quotes in it are written the way a POSIX shell wants them. */
function toCurl({ method, path, operation }: PlacedOperation, document: OpenAPIDocument): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
  const url = `${document.servers[0]?.url ?? ''}${path}`
  const body = operation.requestBody?.content['application/json']
  // With a body curl posts by itself.
  const verb = method === 'get' || (method === 'post' && body) ? '' : `-X ${method.toUpperCase()} `
  const lines = [`curl ${verb}${/[^\w\-./:]/.test(url) ? quote(url) : url}`]
  if (operation.security?.length !== 0) lines.push('-H "Authorization: Bearer $GATEWAY_KEY"')
  if (body) {
    lines.push("-H 'content-type: application/json'")
    lines.push(`-d ${quote(JSON.stringify(body.example ?? exampleOf(resolve(body.schema ?? {}, document)), null, 2))}`)
  }
  return lines.join(' \\\n  ')
}

/** The required fields with a value that shows their type. */
function exampleOf(schema: JsonSchema): Record<string, unknown> {
  const values: Record<string, unknown> = { string: '…', integer: 1, number: 1, boolean: true, array: [], object: {} }
  return Object.fromEntries(
    (schema.required ?? []).map((name) => {
      const field = schema.properties?.[name] ?? {}
      const type = Array.isArray(field.type) ? field.type[0] : field.type
      return [name, field.const ?? field.enum?.[0] ?? values[String(type)] ?? '…']
    }),
  )
}

/** A referenced schema's own content, one level deep. */
function resolve(schema: JsonSchema, { components }: OpenAPIDocument): JsonSchema {
  return schema.$ref ? (components.schemas[schema.$ref.split('/').at(-1)!] ?? schema) : schema
}

function follow(response: Response | { $ref: string }, { components }: OpenAPIDocument): Response {
  return '$ref' in response ? components.responses[response.$ref.split('/').at(-1)!]! : response
}
