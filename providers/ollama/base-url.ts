/** Where an Ollama server is, and the header that its URL's credentials stand for. */
export interface OllamaAddress {
  /** Without credentials, query and trailing slash. */
  readonly url: string
  /** `Basic …` for `http://name:password@host`. */
  readonly authorization: string | undefined
}

const DEFAULT_PORT = '11434'

/**
 * Reads an address as Ollama's own client does (environment variable `OLLAMA_HOST`): the scheme may be missing, then the
 * port defaults to 11434; with a scheme it defaults to the scheme's. An address to listen on (`0.0.0.0`, `::`, `:8080`)
 * becomes the loopback address. A path `/api` or `/v1` at the end is dropped.
 * @throws Error where it is no address; the text does not repeat it, since it may hold a password
 */
export function toOllamaAddress(text: string): OllamaAddress {
  const trimmed = text.trim() || '127.0.0.1'
  const bare = !/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed)
  const url = parse(bare ? `http://${trimmed.startsWith(':') ? `127.0.0.1${trimmed}` : trimmed}` : trimmed)
  // `URL` hides a port that is the scheme's default, so it is looked for in the text.
  if (bare && url.port === '' && !/^[^/?#]*:80(?:[/?#]|$)/.test(trimmed)) url.port = DEFAULT_PORT
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (url.hostname === '[::]') url.hostname = '[::1]'
  const path = url.pathname.replace(/\/+$/, '').replace(/\/(?:api|v1)$/, '')
  return { url: `${url.protocol}//${url.host}${path}`, authorization: basic(url) }
}

/** Whether {@link toOllamaAddress} can read it. */
export function isOllamaAddress(text: string): boolean {
  try {
    toOllamaAddress(text)
    return true
  } catch {
    return false
  }
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new Error('ollama: baseURL must be an http or https URL, or host:port')
  }
  return url
}

function basic(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(pair)))}`
}
