import { defineConfig } from 'nitro'

// The gateway as a route of a Nitro 3 app: `npx nitro dev` in this folder.
export default defineConfig({ serverDir: './' })
