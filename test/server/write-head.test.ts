import { expect, test, vi } from 'vitest'
import { writeHead } from '../../src/server/direct/write-answer.ts'

const head = (more: Partial<Parameters<typeof writeHead>[0]> = {}) =>
  writeHead({ status: 200, reason: 'OK', headers: {}, callHeaders: {}, body: 2, keepAlive: 75, ...more })

test('the date moves on', () => {
  const now = vi.spyOn(Date, 'now')
  for (const [ms, date] of [
    [1_700_000_000_000, 'Tue, 14 Nov 2023 22:13:20 GMT'],
    [1_700_000_000_999, 'Tue, 14 Nov 2023 22:13:20 GMT'],
    [1_700_000_001_000, 'Tue, 14 Nov 2023 22:13:21 GMT'],
    [1_700_000_000_000, 'Tue, 14 Nov 2023 22:13:20 GMT'],
  ] as const) {
    now.mockReturnValue(ms)
    expect(head()).toBe(
      `HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: ${date}\r\nconnection: keep-alive\r\nkeep-alive: timeout=75\r\n\r\n`,
    )
  }
  now.mockRestore()
})

test.each([
  ['content-length: 0', { body: 0 }],
  ['transfer-encoding: chunked', { body: 'chunked' }],
] as const)('%s', (line, more) => {
  expect(head(more).match(/^(content-length|transfer-encoding): .*$/gm)).toEqual([line])
})

test('no body, no connection that is kept, a header that is given', () => {
  const text = head({ status: 204, reason: '', headers: { date: 'd', 'x-a': '' }, body: 'none', keepAlive: 0 })
  expect(text).toBe('HTTP/1.1 204 \r\ndate: d\r\nx-a: \r\nconnection: close\r\n\r\n')
})

test('the headers of the call go before those of the answer', () => {
  const text = head({
    headers: { 'x-a': 'answer', constructor: 'b' },
    callHeaders: { 'x-a': 'call', date: 'd' },
    body: 0,
  })
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nconstructor: b\r\nx-a: call\r\ndate: d\r\ncontent-length: 0\r\nconn/)
})
