import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { readDump } from '../../src/migrate/read-dump.ts'

const folder = mkdtempSync(join(tmpdir(), 'gateway-dump-'))
const fixture = new URL('../fixtures/migrate/litellm.sql', import.meta.url).pathname
let files = 0
afterAll(() => rmSync(folder, { recursive: true }))

function write(text: string | Uint8Array): string {
  const file = join(folder, `${++files}.sql`)
  writeFileSync(file, text)
  return file
}

test('COPY and INSERT with all their escapes; other tables are counted', async () => {
  const { rows, others, broken } = await readDump(fixture)
  expect(rows.get('LiteLLM_EndUserTable')).toEqual([
    {
      user_id: 'visitor-1',
      alias: 'Visitor\twith a tab and a \\ backslash\nand a line',
      spend: '1.25',
      allowed_model_region: null,
      default_model: null,
      budget_id: "it's;(gold)",
      blocked: 'f',
    },
    {
      user_id: 'visitor-2',
      alias: null,
      spend: '0',
      allowed_model_region: 'eu',
      default_model: 'gpt-4o',
      budget_id: null,
      blocked: 't',
    },
  ])
  const budgets = rows.get('LiteLLM_BudgetTable')!
  expect(budgets.map((row) => [row['budget_id'], row['max_budget'], row['rpm_limit'], row['updated_by']])).toEqual([
    ["it's;(gold)", '100', '10', 'admin'],
    ['member', '3.5', '7', 'admin'],
    ['broken', 'NaN', undefined, "ad'min"],
  ])
  expect(budgets[0]!['model_max_budget']).toBe('{"gpt-4o": {"budget_limit": 5, "time_period": "1d"}}')
  expect(rows.get('LiteLLM_TeamTable')![0]!['models']).toBe('{gpt-4o,"claude, \\"big\\"",NULL}')
  expect(others).toEqual(new Map([['LiteLLM_SpendLogs', 2]]))
  expect(broken).toEqual([{ table: 'LiteLLM_EndUserTable', reason: 'has 2 values instead of 7' }])
})

test('gzipped, with other line ends, and cut into other pieces: the same', async () => {
  const whole = await readDump(fixture)
  expect(await readDump(write(gzipSync(readFileSync(fixture))))).toEqual(whole)
  expect(await readDump(write(readFileSync(fixture, 'utf8').replaceAll('\n', '\r\n')))).toEqual(whole)
})

test('comments may stand behind statements, as people write them', async () => {
  const insert = (id: string) => `INSERT INTO public."LiteLLM_EndUserTable" (user_id) VALUES ('${id}');`
  const text = [
    'SET a = 1; -- the first',
    `${insert('a')} /* made by hand */ -- really`,
    `${insert('b')} /* over`,
    ` two lines; */ ${insert('c')}`,
    '-- by itself',
    'COPY public."LiteLLM_UserTable" (user_id) FROM stdin;',
    'u',
    '\\.',
    'SELECT 1; -- the last',
  ].join('\n')
  const { rows } = await readDump(write(text))
  expect(rows.get('LiteLLM_EndUserTable')).toEqual([{ user_id: 'a' }, { user_id: 'b' }, { user_id: 'c' }])
  expect(rows.get('LiteLLM_UserTable')).toEqual([{ user_id: 'u' }])
  await expect(readDump(write(`${text}\n/* no end`))).rejects.toThrow('ends in the middle of a statement')
})

test('a dump that ends in the middle is refused, wherever it is cut', async () => {
  const text = readFileSync(fixture, 'utf8')
  const copy = text.indexOf('visitor-2')
  await expect(readDump(write(text.slice(0, copy)))).rejects.toThrow('ends in the middle of LiteLLM_EndUserTable')
  await expect(
    readDump(write(`${text}\nINSERT INTO public."LiteLLM_UserTable" (user_id) VALUES ('a;`)),
  ).rejects.toThrow('ends in the middle of a statement')
})

test.each([
  ['no dump', 'hello', 'ends in the middle of a statement'],
  ['a dump of something else', 'SELECT 1;\n', 'holds no tables of LiteLLM'],
  ['pg_dump’s own format', 'PGDMP\u0001\u0002', 'pg_restore -f dump.sql'],
  ['another encoding', "SET client_encoding = 'LATIN1';\n", 'pg_dump --encoding UTF8'],
  ['rows without columns', 'INSERT INTO "LiteLLM_UserTable" VALUES (1);\n', 'Dump with --column-inserts'],
])('%s is refused with what to do', async (_name, text, message) => {
  await expect(readDump(write(text))).rejects.toThrow(message)
})

test.each([
  ['two schemas', 'COPY staging."LiteLLM_UserTable" (user_id) FROM stdin;\nann\n\\.\n'],
  ['two schemas, as INSERT', `INSERT INTO "staging"."LiteLLM_UserTable" (user_id) VALUES ('ann');\n`],
  ['two databases', '\\connect staging\nCOPY public."LiteLLM_UserTable" (user_id) FROM stdin;\nann\n\\.\n'],
])('rows of %s are not mixed', async (_name, text) => {
  const first = '\\connect litellm\nCOPY public."LiteLLM_UserTable" (user_id) FROM stdin;\nbob\n\\.\n'
  await expect(readDump(write(first + text))).rejects.toThrow('LiteLLM_UserTable of several schemas or databases')
})

test('statements of many rows, whatever is in them, are read line by line; rows that are not taken are counted', async () => {
  const values = ["'a;\n--'';\n'", "E'b\\';\n'", "'/* ;\n'", "'$x$;\n'"]
  const rows = Array.from({ length: 400 }, (_, i) => `\t(${i}, ${values[i % 4]!})`).join(',\n')
  const of = (table: string) =>
    `INSERT INTO public."${table}" (user_id, alias) VALUES\n${rows};\n/* a;\nb */ SELECT $x$;\n$x$;\n`
  const read = await readDump(write(of('LiteLLM_EndUserTable') + of('LiteLLM_SpendLogs')))
  const taken = read.rows.get('LiteLLM_EndUserTable')!
  expect(taken.length).toBe(400)
  expect(taken.slice(0, 4).map(({ alias }) => alias)).toEqual(["a;\n--';\n", "b';\n", '/* ;\n', '$x$;\n'])
  expect([...read.others, ...read.broken]).toEqual([['LiteLLM_SpendLogs', 400]])
})

test('a file that is not there', async () => {
  await expect(readDump(join(folder, 'nowhere.sql'))).rejects.toThrow('ENOENT')
})
