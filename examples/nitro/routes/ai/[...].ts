import { defineHandler } from 'nitro/h3'
import { gateway } from '../../gateway.ts'

export default defineHandler((event) => {
  const url = new URL(event.req.url)
  url.pathname = url.pathname.slice('/ai'.length)
  return gateway.fetch(new Request(url, event.req as Request))
})
