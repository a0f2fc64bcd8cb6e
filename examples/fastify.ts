// The gateway inside a Fastify 5 app: `node examples/fastify.ts`, then
// curl localhost:3000/ai/v1/chat/completions -d '{"model":"mock","messages":[{"role":"user","content":"Hello"}]}'
import Fastify from 'fastify'
import { createGateway, toNodeMiddleware } from '@ungate/gateway'

const gateway = await createGateway({ environment: true })
const ai = toNodeMiddleware(gateway, { prefix: '/ai' })
export const app = Fastify()

await app.register(async (scope) => {
  // The gateway reads bodies itself: Fastify must leave them alone here.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
  scope.all('/ai/*', (request, reply) => {
    reply.hijack()
    ai(request.raw, reply.raw)
  })
})
app.get('/', async () => 'The app itself. The gateway is at /ai/v1.')

if (import.meta.main) await app.listen({ port: 3000 })
