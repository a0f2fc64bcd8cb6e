import { definePlugin, z } from '../src/index.ts'

/** Lets web pages of other origins call the gateway (Fetch standard, "CORS protocol"). */
export default definePlugin({
  name: 'cors',
  description: 'Lets web pages of other origins call the gateway',
  default: false,
  options: z.object({
    origins: z.array(z.string()).min(1).describe('Origins that may call, such as https://app.example.com; "*" is any.'),
    maxAge: z.int().min(0).default(600).describe('Seconds a browser may keep the answer to a preflight.'),
  }),
  setup({ origins, maxAge }, { app }) {
    const any = origins.includes('*')
    app.use(async (event, next) => {
      const { method, headers } = event.req
      const origin = headers.get('origin')
      if (origin === null || (!any && !origins.includes(origin))) return next()
      const allow = { 'access-control-allow-origin': any ? '*' : origin, ...(any ? {} : { vary: 'origin' }) }
      if (method === 'OPTIONS' && headers.has('access-control-request-method')) {
        const asked = headers.get('access-control-request-headers')
        return new Response(null, {
          status: 204,
          headers: {
            ...allow,
            'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
            'access-control-allow-headers': asked ?? 'authorization, content-type',
            'access-control-max-age': String(maxAge),
          },
        })
      }
      const response = await next()
      // On the response itself: headers staged on `event.res` would make h3 rebuild a streaming body.
      if (response instanceof Response) {
        for (const [name, value] of Object.entries(allow)) response.headers.set(name, value)
        response.headers.set('access-control-expose-headers', '*')
      }
      return response
    })
  },
})
