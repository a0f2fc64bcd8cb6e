import { describe, expect, it } from 'vitest'
import { findFields, replaceField } from '../../src/multipart.ts'

const TYPE = 'multipart/form-data; boundary=b'
const bytes = (text: string) => new TextEncoder().encode(text)
const part = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const find = (text: string, type = TYPE) => {
  const { model, user } = findFields(bytes(text), type, ['model', 'user'])
  return { model: model?.value, user: user?.value }
}

describe('fields of a form', () => {
  it('are what clients send', async () => {
    const form = new FormData()
    form.set('model', 'small')
    form.set('file', new Blob(['\r\n--not a boundary\r\n']), 'a "b"; name="model".wav')
    form.set('user', 'Ann Ö')
    const sent = new Response(form)
    const type = sent.headers.get('content-type')!
    const body = new Uint8Array(await sent.arrayBuffer())
    const { model, user } = findFields(body, type, ['model', 'user'])
    expect([model?.value, user?.value]).toEqual(['small', 'Ann Ö'])
    const other = new Response(replaceField(body, model!, 'a longer name') as Uint8Array<ArrayBuffer>, {
      headers: { 'content-type': type },
    })
    const read = await other.formData()
    expect([read.get('model'), read.get('user'), (read.get('file') as File).size]).toEqual([
      'a longer name',
      'Ann Ö',
      20,
    ])
  })

  it.each([
    ['none', `${part('file', 'x')}--b--\r\n`, undefined],
    ['empty', `${part('model', '')}--b--`, ''],
    ['behind an empty line', `\r\n${part('model', 'small')}--b--\r\n`, 'small'],
    ['with blanks behind the boundary', part('model', 'small').replace('--b', '--b \t') + '--b--', 'small'],
    ['with an escaped quote', `${part('x\\"', 'y')}${part('model', 'small')}--b--`, 'small'],
    ['without quotes', `--b\r\ncontent-disposition:form-data;name=model\r\n\r\nsmall\r\n--b--`, 'small'],
    ['of a file', `--b\r\nContent-Disposition: form-data; name="model"; filename="f"\r\n\r\nx\r\n--b--`, undefined],
    ['a part without headers', `--b\r\n\r\nx\r\n${part('model', 'small')}--b--`, 'small'],
    ['behind the end', `--b--\r\n${part('model', 'small')}--b--`, undefined],
    ['inside of a file, on no line of its own', `${part('file', `x${part('model', 'large').trim()}`)}--b--`, undefined],
  ])('%s', (_what, text, model) => {
    expect(find(text).model).toBe(model)
  })
})

describe('a form that providers could read in another way is refused', () => {
  it.each([
    ['a field twice', `${part('model', 'small')}${part('model', 'large')}--b--`],
    ['text before the boundary', `x\r\n${part('model', 'small')}--b--`],
    ['bare line feeds', `${part('model', 'small')}--b--`.replaceAll('\r', '')],
    ['bare line feeds behind something', `x\n${part('model', 'small')}--b--`.replaceAll('\r', '')],
    ['a boundary that goes on', `${part('file', `x\r\n--bc\r\n\r\n`)}${part('model', 'small')}--b--`],
    ['no end', part('model', 'small')],
    ['no headers', `--b\r\n--b--`],
    ['a folded header', part('model', 'small').replace('; name', ';\r\n name') + '--b--'],
    [
      'two headers',
      part('x', 'small').replace('\r\n\r\n', '\r\nContent-Disposition: form-data; name="model"\r\n\r\n') + '--b--',
    ],
    ['two names', part('x"; name="model', 'small') + '--b--'],
    ['an encoded name', `--b\r\nContent-Disposition: form-data; name*=utf-8''model\r\n\r\nsmall\r\n--b--`],
  ])('%s', (_what, text) => {
    expect(() => find(text)).toThrow(expect.objectContaining({ status: 400, code: 'invalid_multipart' }))
  })

  it('two boundaries', () => {
    const text = `${part('model', 'small')}--b--`
    for (const more of ['; boundary=c', '; x="; boundary=c"', '; boundary*=c'])
      expect(() => find(text, TYPE + more)).toThrow(expect.objectContaining({ status: 400 }))
    expect(find(text, 'multipart/form-data; x-boundary=c; boundary="b"').model).toBe('small')
    expect(find(text, 'multipart/mixed; boundary=b').model).toBeUndefined()
  })
})
