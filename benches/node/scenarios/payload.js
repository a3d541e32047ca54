import { runExpecting, timed } from '../measure.js'

const KIB = 1_024
const SIZES = [
  { label: '1 KB', bytes: KIB, rounds: 40, quickRounds: 7 },
  { label: '1 MB', bytes: KIB * KIB, rounds: 20, quickRounds: 5 },
  { label: '16 MB', bytes: 16 * KIB * KIB, rounds: 7, quickRounds: 0, warmup: 1 },
]

/** Rows of about a kilobyte each as JSON. Stands in the scripts as well, by its source text. */
function rows(bytes) {
  const note = 'lorem ipsum '.repeat(78)
  const one = (id) => ({ id, name: `row ${id}`, price: id / 4, tags: ['a', 'b', 'c'], open: true, note })
  return Array.from({ length: Math.round(bytes / 1_024) }, (_, id) => one(id))
}

/** The script makes the rows too, but the way takes longer. */
const toHost = SIZES.map(({ label, bytes, ...effort }) => ({
  id: `to-host-${bytes / KIB}k`,
  title: `exec sending ${label} of JSON to a tool`,
  unit: 'ms',
  ...effort,
  tools: () => ({ take: ({ items }) => items.length }),
  sample(cells) {
    const body = `${rows}\nconst count = await tools.take({ items: rows(${bytes}) })`
    return timed(() => runExpecting(cells, { body, result: 'count' }, String(bytes / KIB)))
  },
}))

const toCell = SIZES.map(({ label, bytes, ...effort }) => ({
  id: `to-cell-${bytes / KIB}k`,
  title: `exec receiving ${label} of JSON from a tool`,
  unit: 'ms',
  ...effort,
  tools() {
    const items = rows(bytes)
    return { give: () => ({ items }) }
  },
  sample(cells) {
    const body = 'const { items } = await tools.give({})'
    return timed(() => runExpecting(cells, { body, result: 'items.length' }, String(bytes / KIB)))
  },
}))

export const payload = [...toHost, ...toCell]
