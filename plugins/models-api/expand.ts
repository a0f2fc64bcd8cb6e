import { compilePattern, fillPattern } from '../../src/index.ts'
import type { ModelTable, Target } from '../../src/index.ts'

const DEADLINE_MS = 2_000
const KEEP_MS = 5 * 60_000
/** A provider that did not answer is asked again sooner, but not by every request. */
const KEEP_FAILURE_MS = 30_000

/** What a provider said it has; undefined where it could not be asked. */
type Listing = readonly string[] | undefined

/**
 * Replaces wildcards by the models that their providers list. A wildcard stays as it is written where no provider
 * answers within 2 s. Answers are kept for 5 minutes.
 */
export function createExpander(models: ModelTable): (names: readonly string[]) => Promise<string[]> {
  const kept = new Map<string, { until: number; listing: Promise<Listing> }>()

  const listingOf = (target: Target): Promise<Listing> => {
    const entry = kept.get(target.id)
    if (entry && entry.until > Date.now()) return entry.listing
    const listing = askProvider(target)
    const fresh = { until: Date.now() + KEEP_MS, listing }
    kept.set(target.id, fresh)
    void listing.then((found) => {
      if (!found) fresh.until = Date.now() + KEEP_FAILURE_MS
    })
    return listing
  }

  const expandName = async (name: string): Promise<string[]> => {
    if (!name.includes('*')) return [name]
    const wanted = compilePattern(name)
    const found = await Promise.all(
      models.resolve(name).map(async (target) => publicNames(target, await listingOf(target))),
    )
    const covered = found.flat().filter((candidate) => wanted.match(candidate))
    return covered.length > 0 ? covered.sort() : [name]
  }

  return async (names) => [...new Set((await Promise.all(names.map(expandName))).flat())]
}

/** `gpt-4o` of a provider behind `openai/*` is called `openai/gpt-4o`. */
function publicNames({ deployment }: Target, listing: Listing): string[] {
  const upstream = compilePattern(deployment.model)
  return (listing ?? []).flatMap((model) => {
    const captures = upstream.match(model)
    return captures ? [fillPattern(deployment.name, captures)] : []
  })
}

async function askProvider({ provider, deployment }: Target): Promise<Listing> {
  try {
    const listing = provider.models?.()
    if (!listing) return undefined
    const { request, names } = listing
    const signal = AbortSignal.timeout(DEADLINE_MS)
    const headers = { ...request.headers, ...deployment.headers }
    // A redirect is not followed: it would carry the provider's key to another host.
    const response = provider.respond
      ? await provider.respond(request, signal)
      : await fetch(request.url, { method: request.method ?? 'GET', headers, signal, redirect: 'manual' })
    if (response.ok) return names(await response.json())
    await response.body?.cancel()
    return undefined
  } catch {
    return undefined
  }
}
