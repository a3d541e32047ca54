import { CellCard } from './cell-card.js'
import { describeSession, observe } from './requests.js'
import { samples } from './samples.js'

const find = (id) => document.getElementById(id)
const source = find('source')
const sample = find('sample')
const problem = find('problem')
const form = find('run-form')
const yieldTime = find('yield-time')

/** @type {Map<string, CellCard>} */
const cards = new Map()

/** Watches a cell, as the person has asked for, and shows each event on its card, which a new cell is yet to get. */
async function watch(path, body, card) {
  problem.textContent = ''
  try {
    for await (const event of observe(path, { yieldTimeMs: yieldTime.valueAsNumber * 1_000, ...body })) {
      if (event.type === 'cell') {
        card = cards.get(event.cellId) ?? addCard(event.cellId)
        card.watched()
      } else card?.show(event)
    }
  } catch (error) {
    problem.textContent = error.message
    card?.unwatched()
  }
}

function addCard(cellId) {
  const path = `/api/cells/${encodeURIComponent(cellId)}`
  const card = new CellCard(cellId, {
    wait: () => watch(`${path}/wait`, {}, card),
    terminate: () => watch(`${path}/terminate`, {}, card),
    showLine: selectPosition,
  })
  cards.set(cellId, card)
  find('no-cells').hidden = true
  find('cells').prepend(card.element)
  return card
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  watch('/api/cells', { source: source.value })
})

source.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    form.requestSubmit()
  }
})

function numberLines() {
  const count = source.value.split('\n').length
  find('line-numbers').textContent = Array.from({ length: count }, (_, index) => index + 1).join('\n')
}
source.addEventListener('input', numberLines)
source.addEventListener('scroll', () => {
  find('line-numbers').scrollTop = source.scrollTop
})

function selectPosition(line, column) {
  const before =
    source.value
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length + (line > 1 ? 1 : 0)
  source.focus()
  source.setSelectionRange(before + column - 1, before + column)
}

function useSample() {
  source.value = samples.find(({ title }) => title === sample.value).source
  numberLines()
}
sample.append(...samples.map(({ title }) => new Option(title)))
sample.addEventListener('change', useSample)
useSample()

try {
  const { cells, tools } = await describeSession()
  showTools(tools)
  // Those of before the page was loaded again.
  for (const cellId of cells) addCard(cellId).unwatched()
} catch (error) {
  problem.textContent = error.message
}

/** The declarations, as a model reads them: Markdown, with a heading and a block of code for each tool. */
function showTools(markdown) {
  for (const [, name, description, code] of markdown.matchAll(/### `([^`]+)`\n(.*?)```ts\n(.*?)```/gs)) {
    const term = document.createElement('h4')
    term.textContent = name
    const text = document.createElement('p')
    text.textContent = description.replace(/exec tool declaration:\s*$/, '').trim()
    const declaration = document.createElement('pre')
    declaration.textContent = code.trim()
    find('tools').append(term, text, declaration)
  }
}
