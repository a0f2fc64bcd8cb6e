/** A piece of HTML. Only {@link html} and {@link raw} make one, so that data from elsewhere can never pass for one. */
export interface Html {
  readonly text: string
}

type Value = Html | string | number | false | null | undefined | readonly Value[]

const made = new WeakSet<object>()

/** A template whose values are escaped, unless they are pieces of HTML themselves. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return raw(strings.reduce((text, string, i) => text + render(values[i - 1]) + string))
}

/** Text that is HTML already: constants of this program. */
export function raw(text: string): Html {
  const piece = Object.freeze({ text })
  made.add(piece)
  return piece
}

/** The text with the signs that mean something in HTML written out, fit for elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** A sentence with `code` in it. */
export function prose(text: string): Html {
  return html`${text.split('`').map((piece, i) => (i % 2 === 1 ? html`<code>${piece}</code>` : piece))}`
}

function render(value: Value): string {
  if (value === undefined || value === null || value === false) return ''
  if (Array.isArray(value)) return value.map(render).join('')
  if (typeof value === 'object' && made.has(value)) return (value as Html).text
  return escapeHtml(String(value))
}
