/** Colours and type of all pages. */
export const baseStyle = `
:root {
  color-scheme: light dark;
  --text: #1c2321; --soft: #5c6763; --line: #dfe5e2; --back: #fff; --panel: #f6f8f7; --accent: #0f7b6c; --code: #12332d;
  --get: #0f7b6c; --post: #2b5fb8; --put: #9a6700; --delete: #b3382c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e3e8e6; --soft: #98a5a0; --line: #2b3431; --back: #121716; --panel: #1a211f; --accent: #4cc2ae; --code: #c5e6df;
    --get: #4cc2ae; --post: #7fa9ee; --put: #d9a63d; --delete: #ec8478;
  }
}
* { box-sizing: border-box }
html { scroll-padding-top: 72px }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.55 system-ui, sans-serif }
a { color: var(--accent); text-decoration: none }
a:hover { text-decoration: underline }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace }
code { color: var(--code) }
p { margin: 0 0 10px }
pre { margin: 0; padding: 14px 16px; overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 8px }
[hidden] { display: none !important }
`

/** The start page. */
export const homeStyle = `
main { max-width: 680px; margin: 0 auto; padding: 12vh 24px 48px }
h1 { margin: 0 0 4px; font-size: 30px; letter-spacing: -0.02em }
h1 small { font-size: 15px; font-weight: 400; letter-spacing: 0; color: var(--soft) }
h2 { margin: 32px 0 10px; font-size: 15px }
.lead { color: var(--soft) }
pre + .lead { margin-top: 12px }
.alive { display: inline-block; width: 9px; height: 9px; margin-right: 7px; border-radius: 50%; background: var(--accent) }
.alive.draining { background: var(--put) }
ul { margin: 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 8px }
li { display: flex; gap: 16px; padding: 9px 16px }
li + li { border-top: 1px solid var(--line) }
li a { flex: 0 0 190px; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 13px; line-height: 23px }
li span { color: var(--soft) }
@media (max-width: 560px) { li { flex-direction: column; gap: 0 } li a { flex: none } }
`

/** The API reference. */
export const referenceStyle = `
body { display: grid; grid-template: 56px 1fr / 290px minmax(0, 1fr) }
.top { position: sticky; top: 0; z-index: 1; grid-column: 1 / -1; display: flex; align-items: center; gap: 12px; padding: 0 24px; background: var(--back); border-bottom: 1px solid var(--line) }
.brand { font-weight: 700; font-size: 17px; color: var(--text); letter-spacing: -0.01em }
.version { color: var(--soft); font-size: 13px }
#find { width: 260px; margin-left: auto; padding: 6px 12px; font: inherit; font-size: 14px; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px }
.raw { font-size: 13px }
.top > .raw:first-of-type { margin-left: auto }
nav { position: sticky; top: 56px; height: calc(100vh - 56px); overflow-y: auto; padding: 20px 12px 40px 24px; border-right: 1px solid var(--line) }
nav h2 { margin: 18px 0 4px; font-size: 13px }
nav section:first-child h2 { margin-top: 0 }
nav h2 a { color: var(--text) }
nav ul { margin: 0; padding: 0; list-style: none }
nav li a { display: flex; gap: 8px; padding: 3px 8px; border-radius: 5px; color: var(--soft); font-size: 13px }
nav li a span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
nav li a:hover, nav li a.here { background: var(--panel); color: var(--text); text-decoration: none }
.method { flex: 0 0 34px; font-size: 11px; line-height: 20px; letter-spacing: 0.02em }
.method.get { color: var(--get) } .method.post { color: var(--post) } .method.put, .method.patch { color: var(--put) } .method.delete { color: var(--delete) }
main { padding: 32px 40px 120px; max-width: 1280px }
h1 { margin: 0 0 8px; font-size: 28px; letter-spacing: -0.02em }
.intro dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 16px 0 0 }
.intro dt { color: var(--soft) } .intro dd { margin: 0 }
.group { margin-top: 48px }
.group > h2 { margin: 0; padding-bottom: 8px; font-size: 20px; border-bottom: 1px solid var(--line) }
article { padding: 26px 0 30px; border-bottom: 1px solid var(--line) }
article:last-child { border-bottom: 0 }
h3 { margin: 0 0 6px; font-size: 16px }
h3 a { color: var(--text) }
h4 { margin: 20px 0 6px; font-size: 12px; color: var(--soft); text-transform: uppercase; letter-spacing: 0.05em }
.path { display: flex; flex-wrap: wrap; align-items: baseline; gap: 10px; margin-bottom: 14px }
.path .method { flex: none; font-size: 12px }
.path code { font-size: 14px }
.access { padding: 0 8px; font-size: 12px; color: var(--soft); border: 1px solid var(--line); border-radius: 10px }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 440px); gap: 40px }
.aliases { font-size: 13px; color: var(--soft) }
.fields { margin: 0; padding: 0; list-style: none }
.fields > li { padding: 8px 0; border-top: 1px solid var(--line) }
.fields > li:first-child { border-top: 0 }
.fields p { margin: 2px 0 0; font-size: 14px; color: var(--soft) }
.field { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 10px }
.name { font-weight: 600; color: var(--text) }
.type, .limits { font-size: 13px; color: var(--soft) }
.limits::before { content: '· ' }
.required { font-size: 11px; font-weight: 600; color: var(--delete) }
details { margin: 6px 0 0; padding: 0 12px; border: 1px solid var(--line); border-radius: 6px; font-size: 14px }
summary { margin: 0 -12px; padding: 5px 12px; cursor: pointer; color: var(--soft); font-size: 13px }
details[open] > summary { border-bottom: 1px solid var(--line) }
details > .type { margin: 8px 0 }
.answer { margin: 0 0 4px }
.status { padding: 1px 7px; font-size: 12px; border-radius: 4px; color: var(--accent); background: var(--panel) }
.status.bad { color: var(--delete); margin-right: 4px }
.errors { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 10px 0 }
.errors dt { font-weight: 600 } .errors dd { margin: 0; color: var(--soft) }
.sample { min-width: 0 }
.code { position: sticky; top: 76px; border: 1px solid var(--line); border-radius: 8px; background: var(--panel) }
.code header { display: flex; justify-content: space-between; align-items: center; height: 34px; padding: 0 8px 0 16px; font-size: 12px; color: var(--soft); border-bottom: 1px solid var(--line) }
.code pre { border: 0; border-radius: 0 0 8px 8px }
.code button { padding: 2px 10px; font: inherit; color: var(--soft); background: var(--back); border: 1px solid var(--line); border-radius: 5px; cursor: pointer }
@media (max-width: 1180px) { .columns { grid-template-columns: minmax(0, 1fr); gap: 16px } }
@media (max-width: 820px) {
  body { display: block }
  nav { display: none }
  main { padding: 24px 20px 80px }
  #find { width: 140px }
}
`
