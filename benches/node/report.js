/** @typedef {import('./run.js').Row} Row */

const MISSING = '—'

/** @param {Row[]} rows @param {import('./contenders/index.js').Contender[]} contenders */
export function table(rows, contenders) {
  const names = contenders.map(({ name }) => name)
  const notes = []
  const lines = [['median (p95)', '', ...names]]
  for (const { title, unit, results } of rows)
    lines.push([title, unit, ...names.map((name) => cell(results[name], notes, name))])

  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const text = lines.map((line) =>
    line
      .map((value, column) => (column < 2 ? value.padEnd(widths[column]) : value.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  )
  text.splice(1, 0, '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)))
  const explained = notes.map(({ name, reason }, index) => `${MISSING}${index + 1} ${name}: ${reason}`)
  const used = contenders.map(({ name, how }) => `${name}: ${how}`)
  return [...text, '', ...explained, '', ...used].join('\n')
}

function cell(result, notes, name) {
  if (result === undefined) return MISSING
  if ('reason' in result) {
    let index = notes.findIndex((note) => note.name === name && note.reason === result.reason)
    if (index < 0) index = notes.push({ name, reason: result.reason }) - 1
    return `${MISSING}${index + 1}`
  }
  return `${digits(result.median)} (${digits(result.p95)})`
}

/** Three significant digits, never in exponents. */
export function digits(value) {
  if (value >= 100) return String(Math.round(value))
  return value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3)
}

const CHART = [
  'exec-trivial',
  'exec-parallel-100',
  'round-trip',
  'to-host-1024k',
  'to-cell-1024k',
  'at-once-16',
  'throughput-8',
  'abort',
  'memory',
]
const COLOURS = {
  'isolated-vm': '#d97706',
  'quickjs-emscripten': '#0891b2',
  'node:vm': '#6b7280',
  worker_threads: '#7c3aed',
  MessagePort: '#be185d',
}
const TITLE = "Time or memory as a multiple of codecell's (logarithmic; right of the line: more)"
const BAR = { height: 11, gap: 2, left: 330, width: 420, group: 14 }
const DECADES = { from: -2, to: 3 }

/**
 * How many times as much a contender takes as codecell, on a logarithmic axis: bars to the right of the line took
 * longer or more.
 *
 * @param {Row[]} rows
 * @param {string} subtitle
 */
export function chart(rows, subtitle) {
  const parts = []
  let y = 78
  for (const id of CHART) {
    const row = rows.find((candidate) => candidate.id === id)
    const bars = row === undefined ? [] : ratios(row)
    if (bars.length === 0) continue
    const height = bars.length * (BAR.height + BAR.gap)
    parts.push(label(BAR.left - 12, y + height / 2 + 3, row.title, 'end'))
    for (const { name, ratio } of bars) {
      const [from, to] = [place(1), place(ratio)]
      const x = Math.min(from, to).toFixed(1)
      const width = Math.max(1, Math.abs(to - from)).toFixed(1)
      parts.push(
        `<rect x="${x}" y="${y}" width="${width}" height="${BAR.height}" fill="${COLOURS[name]}"/>`,
        ratio >= 1
          ? label(to + 4, y + 9, `${digits(ratio)}×`)
          : label(to - 4, y + 9, `${digits(ratio)}×`, 'end'),
      )
      y += BAR.height + BAR.gap
    }
    y += BAR.group
  }
  const bottom = y - BAR.group + 4
  const legend = Object.entries(COLOURS).map(([name, colour], index) => {
    const x = 20 + index * 150
    return `<rect x="${x}" y="50" width="10" height="10" fill="${colour}"/>${label(x + 15, 59, name)}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 ${bottom + 30}" font-family="sans-serif" font-size="11" fill="#111">
<title>${TITLE}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="20" y="22" font-size="14" font-weight="bold">${TITLE}</text>
${label(20, 39, subtitle)}
${legend.join('\n')}
${axis(bottom)}
${parts.join('\n')}
</svg>
`
}

function ratios({ unit, results }) {
  const own = results.codecell?.median
  if (own === undefined) return []
  return Object.keys(COLOURS).flatMap((name) => {
    const other = results[name]?.median
    if (!(other > 0)) return []
    return [{ name, ratio: unit === 'cells/s' ? own / other : other / own }]
  })
}

function place(ratio) {
  const { from, to } = DECADES
  const decade = Math.min(to, Math.max(from, Math.log10(ratio)))
  return BAR.left + 40 + ((decade - from) / (to - from)) * BAR.width
}

function axis(bottom) {
  const lines = []
  for (let decade = DECADES.from; decade <= DECADES.to; decade++) {
    const x = place(10 ** decade)
    const colour = decade === 0 ? '#111' : '#ddd'
    lines.push(
      `<line x1="${x}" y1="70" x2="${x}" y2="${bottom}" stroke="${colour}"/>`,
      label(x, bottom + 14, `${10 ** decade}×`, 'middle'),
    )
  }
  return lines.join('\n')
}

function label(x, y, text, anchor = 'start') {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${Number(x).toFixed(1)}" y="${Number(y).toFixed(1)}" text-anchor="${anchor}">${escaped}</text>`
}
