// The gateway mounted in an h3 2 app: `node examples/h3.ts`
import { H3, serve } from 'h3'
import { createGateway } from '@ungate/gateway'

const gateway = await createGateway({ environment: true })
export const app = new H3()

app.mount('/ai', (request: Request) => gateway.fetch(request))
app.get('/', () => 'The app itself. The gateway is at /ai/v1.')

if (import.meta.main) serve(app, { port: 3000 })
