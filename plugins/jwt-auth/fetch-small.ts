/** What an identity provider was asked for could not be had. */
export class ProviderAway extends Error {
  override readonly name = 'ProviderAway'
}

/** Keys and configurations of providers are a few kilobytes. */
const MOST_BYTES = 1_048_576

/**
 * What an address answers with 200: no redirects, and not more than a megabyte, or one wrong address takes all memory.
 * Throws a {@link ProviderAway} that says why.
 */
export async function fetchSmall(url: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, init)
    if (response.status === 200) return new Response(await readSmall(response), { status: 200 })
    await response.body?.cancel()
    const redirects = response.status >= 300 && response.status < 400
    throw new ProviderAway(`it answers ${response.status}${redirects ? ', and redirects are not followed' : ''}`)
  } catch (error) {
    throw error instanceof ProviderAway ? error : new ProviderAway(reasonOf(error), { cause: error })
  }
}

async function readSmall(response: Response): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  // Leaving the loop by an error closes the connection.
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > MOST_BYTES) throw new ProviderAway('it answers more than a megabyte')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** `fetch failed` says nothing: its cause does. */
function reasonOf(error: unknown): string {
  const told = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return told instanceof Error ? told.message : String(told)
}
