// The gateway inside an Express 5 app: `node examples/express.ts`, then
// curl localhost:3000/ai/v1/chat/completions -d '{"model":"mock","messages":[{"role":"user","content":"Hello"}]}'
import express from 'express'
import { createGateway, toNodeMiddleware } from '@ungate/gateway'

const gateway = await createGateway({ environment: true })
export const app = express()

app.use(toNodeMiddleware(gateway, { prefix: '/ai' })) // calls next() outside /ai
app.use(express.json())
app.get('/', (_request, response) => {
  response.send('The app itself. The gateway is at /ai/v1.')
})

if (import.meta.main) app.listen(3000)
