// @exec: {"yield_time_ms": 10000, "max_output_tokens": 2000}
const { paths } = await tools.list_files({ extensions: ['.rs', '.js', '.mjs'] })
const files = await Promise.all(paths.map(async (path) => ({ path, ...(await tools.count_words({ path })) })))

const folders = new Map()
for (const { path, lines, words } of files) {
  const name = path.split('/').slice(0, -1).join('/') || '.'
  const folder = folders.get(name) ?? { name, files: 0, lines: 0, words: 0 }
  folder.files += 1
  folder.lines += lines
  folder.words += words
  folders.set(name, folder)
}
const ranking = [...folders.values()].sort((a, b) => b.lines - a.lines)

// A later cell can go on from here without counting again.
store('folders', ranking)
text(`Counted ${files.length} files in ${ranking.length} folders. Next: what the code says about itself.`)
yield_control()

const [documented, unsafe, manifest] = await Promise.all([
  tools.search({ pattern: '^//! ', paths: paths.filter((path) => path.endsWith('/mod.rs')) }),
  tools.search({
    pattern: '\\bunsafe (fn|extern|impl|\\{)',
    paths: paths.filter((path) => path.endsWith('.rs')),
  }),
  tools.read_file({ path: 'package.json' }),
])
const { name, version } = JSON.parse(manifest.text)

const column = (value, width) => String(value).padStart(width)
const table = [
  `${'folder'.padEnd(24)}${column('files', 7)}${column('lines', 8)}${column('words', 8)}`,
  ...ranking.map(
    (folder) =>
      `${folder.name.padEnd(24)}${column(folder.files, 7)}${column(folder.lines, 8)}${column(folder.words, 8)}`,
  ),
]
text(`${name} ${version}\n\n${table.join('\n')}`)

// The first line of a folder's documentation says what the folder is for.
const purposes = new Map()
for (const match of documented.matches) {
  if (!purposes.has(match.path)) purposes.set(match.path, match.text.slice('//! '.length))
}
text([...purposes].map(([path, purpose]) => `${path}: ${purpose}`).join('\n'))
text(
  `Places with unsafe code: ${unsafe.matches.length}, in ${new Set(unsafe.matches.map((m) => m.path)).size} files.`,
)

const escaped = (string) => string.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
const longest = ranking[0].lines
const bars = ranking.map((folder, index) => {
  const y = 10 + index * 24
  const width = Math.round((folder.lines / longest) * 300)
  return `<text x="180" y="${y + 13}" text-anchor="end">${escaped(folder.name)}</text>
<rect x="190" y="${y}" width="${width}" height="18" fill="#3b6ea5"/>
<text x="${196 + width}" y="${y + 13}">${folder.lines}</text>`
})
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="560" height="${20 + ranking.length * 24}" font-family="sans-serif" font-size="12">
${bars.join('\n')}
</svg>
`
// There is no btoa and no TextEncoder here; the bytes of plain ASCII are its character codes.
const bytes = Uint8Array.from(svg, (character) => character.charCodeAt(0))
image(`data:image/svg+xml;base64,${bytes.toBase64()}`, 'low')
