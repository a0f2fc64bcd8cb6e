import { expect, onTestFinished, test } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'

const CALL_ID = 'x-litellm-call-id'

const pages = definePlugin({
  name: 'pages',
  options: z.object({}),
  setup(_options, gateway) {
    const add = (path: `/${string}`, make: () => Response) =>
      gateway.route({ method: 'GET', path, access: 'public', summary: 'A page', handler: make })
    add('/plain', () => new Response('a page', { headers: { 'content-type': 'text/plain' } }))
    add('/own', () => new Response('a page', { headers: { [CALL_ID]: 'mine' } }))
    add('/away', () => Response.redirect('http://localhost/plain'))
    return {}
  },
})

test('the responses of plugins have a call id, their own where they gave one', async () => {
  const gateway = await createGateway({ use: [pages] }, { env: {} })
  onTestFinished(() => gateway.close())
  const get = (path: string) => gateway.fetch(new Request(`http://localhost${path}`, { redirect: 'manual' }))
  const plain = await get('/plain')
  expect(plain.headers.get(CALL_ID)).toMatch(/^[\w-]{36}$/)
  expect([plain.headers.get('content-type'), await plain.text()]).toEqual(['text/plain', 'a page'])
  expect((await get('/own')).headers.get(CALL_ID)).toBe('mine')
  // Its headers cannot be changed.
  const away = await get('/away')
  expect([away.status, away.headers.get('location')]).toEqual([302, 'http://localhost/plain'])
  expect(away.headers.get(CALL_ID)).toMatch(/^[\w-]{36}$/)
})
