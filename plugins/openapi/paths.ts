import type { Method } from './types.ts'

/** h3's path pattern as OpenAPI's: `/keys/:id` → `/keys/{id}`, and the rest behind `/models/**` is one parameter. */
export function toOpenAPIPath(pattern: string): string {
  const segments = pattern.split('/').map((segment, i, all) => {
    if (segment.startsWith('**:')) return `{${segment.slice(3)}}`
    if (segment === '**' || segment === '*') return `{${wildcardName(all[i - 1])}}`
    return segment.replaceAll(/:(\w+)\??/g, '{$1}')
  })
  return segments.join('/')
}

/** What `**` stands for is named after the segment before it: one of the models is a `model`. */
function wildcardName(before: string | undefined): string {
  const name = before?.replace(/s$/, '').replaceAll(/\W/g, '') ?? ''
  return name || 'path'
}

/** An operation's name from its path: `get /v1/models/{model}` → `getModelsByModel`. */
export function deriveOperationId(method: Method, path: string): string {
  const words = path
    .replace(/^\/v\d+(?=\/)/, '')
    .split('/')
    .flatMap((segment) => (segment.startsWith('{') ? ['by', segment] : [segment]))
    .flatMap((segment) => segment.split(/\W+|_/))
    .filter(Boolean)
  return method + (words.length > 0 ? words : ['root']).map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')
}
