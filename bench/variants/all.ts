import { gateway } from './gateway.ts'
import { governed, governedRedis } from './governed.ts'
import { litellm } from './litellm.ts'
import { nginx } from './nginx.ts'
import { portkey } from './portkey.ts'
import type { Variant } from './types.ts'
import { upstream } from './upstream.ts'

/** In the order of the tables. */
export const VARIANTS: readonly Variant[] = [upstream, nginx, gateway, governed, governedRedis, portkey, litellm]
