/** What the reference page does in the browser: filter, copy, unfold what a link points into. It works without. */
export const referenceScript = `
'use strict'
const find = document.getElementById('find')
const articles = [...document.querySelectorAll('article[data-find]')]
const links = [...document.querySelectorAll('nav li a')]
const groups = [...document.querySelectorAll('section.group')]
const filter = () => {
  const words = find.value.toLowerCase().split(/\\s+/).filter(Boolean)
  const shown = new Set()
  for (const article of articles) {
    const hit = words.every((word) => article.dataset.find.includes(word))
    article.hidden = !hit
    if (hit) shown.add('#' + article.id)
  }
  for (const link of links) link.parentElement.hidden = !shown.has(link.getAttribute('href'))
  for (const group of groups) group.hidden = !group.querySelector('article:not([hidden])')
}
find.hidden = false
find.addEventListener('input', filter)
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target === find) return
  event.preventDefault()
  find.focus()
})
for (const button of document.querySelectorAll('.code button')) {
  if (!navigator.clipboard) continue
  button.hidden = false
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.closest('.code').querySelector('pre').textContent)
    button.textContent = 'Copied'
    setTimeout(() => { button.textContent = 'Copy' }, 1500)
  })
}
const mark = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue
    for (const link of links) link.classList.toggle('here', link.getAttribute('href') === '#' + target.id)
  }
}, { rootMargin: '-80px 0px -75% 0px' })
for (const article of articles) mark.observe(article)
`
