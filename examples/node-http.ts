// The gateway beside other routes of a plain node:http server: `node examples/node-http.ts`
import { createServer } from 'node:http'
import { createGateway, toNodeMiddleware } from '@ungate/gateway'

const gateway = await createGateway({ environment: true })
const ai = toNodeMiddleware(gateway, { prefix: '/ai' })

export const server = createServer((request, response) => {
  ai(request, response, () => response.end('The app itself. The gateway is at /ai/v1.'))
})

if (import.meta.main) server.listen(3000)
