import type { z } from 'zod'
import type { Wire } from './types/call.ts'
import { isPlainChat } from './quick-check.ts'
import { chatRequestSchema, completionRequestSchema, embeddingRequestSchema, imageRequestSchema } from './schemas.ts'

/** A path of the OpenAI API that the gateway checks and translates. */
export interface EndpointRoute {
  readonly wire: Wire
  /** Path below the base: served with and without `/v1`. */
  readonly path: string
  readonly schema: z.ZodType
  /** True for bodies that need no closer look. */
  readonly isPlain?: (body: Readonly<Record<string, unknown>>) => boolean
  readonly summary: string
  /** Also under `/engines/{model}` and `/openai/deployments/{model}`. */
  readonly modelInPath: boolean
  /** The body may leave the model out (the provider or the config has a default). */
  readonly modelOptional?: boolean
}

export const endpointRoutes: readonly EndpointRoute[] = [
  {
    wire: 'openai.chat',
    path: '/chat/completions',
    schema: chatRequestSchema,
    isPlain: isPlainChat,
    summary: 'Create a chat completion',
    modelInPath: true,
  },
  {
    wire: 'openai.completions',
    path: '/completions',
    schema: completionRequestSchema,
    summary: 'Create a text completion (legacy)',
    modelInPath: true,
  },
  {
    wire: 'openai.embeddings',
    path: '/embeddings',
    schema: embeddingRequestSchema,
    summary: 'Create embeddings',
    modelInPath: true,
  },
  {
    wire: 'openai.images',
    path: '/images/generations',
    schema: imageRequestSchema,
    summary: 'Generate images',
    modelInPath: true,
    modelOptional: true,
  },
]

/** What a request's path asks for. */
export interface MatchedEndpoint {
  readonly route: EndpointRoute | undefined
  /** Path below the base, for the upstream. */
  readonly path: string
  /** The model named by the path. */
  readonly model: string | undefined
}

/** The endpoints by their full paths. */
export const knownPaths = new Map<string, MatchedEndpoint>()
for (const route of endpointRoutes) {
  const matched = { route, path: route.path, model: undefined }
  knownPaths.set(route.path, matched)
  knownPaths.set(`/v1${route.path}`, matched)
}

/** Where Azure's clients look for the whole API, with and without `/v1`. */
const AZURE = '/openai'

const MODEL_PREFIXES = ['/engines/', '/openai/deployments/', '/v1/engines/']

/** Every path that an endpoint is served at, the usual one first. `{model}` stands for the model's name. */
export function endpointPaths({ path, modelInPath }: EndpointRoute): string[] {
  return [`/v1${path}`, path, ...(modelInPath ? MODEL_PREFIXES.map((prefix) => `${prefix}{model}${path}`) : [])]
}

/**
 * Finds what a path asks for: a known endpoint, a known endpoint with the model in the path (which may contain slashes),
 * or any other path of the API (`/v1/files`), which is passed through; below `/openai` as well. Undefined: not ours.
 */
export function matchEndpoint(pathname: string): MatchedEndpoint | undefined {
  const known = knownPaths.get(pathname)
  if (known) return known
  const prefix = MODEL_PREFIXES.find((start) => pathname.startsWith(start))
  if (prefix) {
    for (const route of endpointRoutes) {
      if (!route.modelInPath || !pathname.endsWith(route.path)) continue
      const model = decode(pathname.slice(prefix.length, -route.path.length))
      if (model) return { route, path: route.path, model }
    }
    const [model, rest] = splitModel(pathname.slice(prefix.length))
    return rest ? { route: undefined, path: rest, model } : undefined
  }
  if (pathname.startsWith('/v1/')) return { route: undefined, path: pathname.slice(3), model: undefined }
  if (pathname.startsWith(`${AZURE}/`) && !pathname.startsWith(AZURE + AZURE)) {
    return matchEndpoint(pathname.slice(AZURE.length))
  }
  return PASS_THROUGH.test(pathname) ? { route: undefined, path: pathname, model: undefined } : undefined
}

/** OpenAI's other paths, which LiteLLM serves without `/v1` as well. */
export const passThroughRoots = [
  'files',
  'uploads',
  'batches',
  'images',
  'audio',
  'moderations',
  'responses',
  'fine_tuning',
  'vector_stores',
  'assistants',
  'threads',
  'containers',
  'evals',
  'conversations',
  'videos',
  'rerank',
] as const

const PASS_THROUGH = new RegExp(`^/(${passThroughRoots.join('|')})(/|$)`)

function splitModel(rest: string): [string, string | undefined] {
  const slash = rest.indexOf('/')
  return slash < 0 ? [decode(rest), undefined] : [decode(rest.slice(0, slash)), rest.slice(slash)]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
