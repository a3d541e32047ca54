// Installs the packed packages with each package manager and runs them on each runtime, as a module, as CommonJS, with
// cells in child processes, in vitest, bundled, and by its command. Writes the table in docs/runtimes.md.
//
//   npm run test:package              all of it, some minutes; Linux x64, downloads runtimes and managers from npm
//   npm run test:package -- --quick   npm and the Node at hand, without Cargo or any download, in seconds; writes nothing
//
// The options of make.mjs go here, too. Exit codes: 0 each cell of the table is ok; 1 one is not; 2 a runtime or manager could not be had.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fetchRuntime, RUNTIMES, runProgram, Unavailable } from '../runtimes.mjs'
import { bundledPrograms } from './bundles.mjs'
import { MANIFEST, ROOT } from './common.mjs'
import { makePackages, OPTIONS, sizes } from './make.mjs'
import { MANAGERS, writeProject } from './managers.mjs'
import { COMMAND_FILES, COMMANDS, PROGRAMS, VITEST_FILE } from './programs.mjs'
import { startRegistry } from './registry.mjs'

const INSTALL_DEADLINE_MS = 180_000
const PROGRAM_DEADLINE_MS = 60_000

/** What only the project of the second table needs. */
const TOOLS = [
  ...['vitest', '@modelcontextprotocol/sdk', 'zod'].map(ofTheClone),
  'vite@8.3.8',
  'esbuild@0.28.2',
]

/** @param {string} name */
function ofTheClone(name) {
  return `${name}@${MANIFEST.devDependencies[name]}`
}

const NODE_AT_HAND = {
  name: `node${process.versions.node.split('.')[0]}`,
  flags: [],
  binary: process.execPath,
}

/** What is known not to work, by the place in the table, and why. It is an error if it does work. */
const KNOWN = new Map([
  [
    "Yarn, Plug'n'Play, node20, CommonJS",
    "`require` of an ES module in Node 20 does not look into Yarn's archives. `await import('codecell')` works there.",
  ],
])

const work = mkdtempSync(join(tmpdir(), 'codecell-package-'))

/** What did not work: `where` and what it said. */
const failures = []

async function main({ quick, ...options }) {
  const made = makePackages({ ...options, publishable: !quick })
  const registry = await startRegistry(made)
  try {
    if (quick) return await quickly(made, registry.url)
    const runtimes = RUNTIMES.map((runtime) => ({ ...runtime, binary: fetchRuntime(runtime) }))
    const installed = await managersTable(runtimes, registry.url)
    const used = await toolsTable(runtimes, registry.url)
    writeFileSync(join(ROOT, 'docs', 'runtimes.md'), page({ made, runtimes, installed, used }))
  } finally {
    registry.close()
  }
}

async function quickly(made, registry) {
  const manager = MANAGERS.find(({ title }) => title === 'npm')
  const { folder, seconds } = await install(manager, [NODE_AT_HAND], registry)
  for (const program of PROGRAMS) await check(`npm, ${program.title}`, NODE_AT_HAND, folder, program)
  console.log(`${sizes(made)}\n\nnpm install: ${seconds.toFixed(1)} s; ran as ${titles(PROGRAMS)}`)
}

function titles(programs) {
  return programs.map(({ title }) => title).join(', ')
}

// --- package managers -----------------------------------------------------------------------------------------------

/** A row for each manager and way to run it, a column for each runtime. */
async function managersTable(runtimes, registry) {
  const rows = []
  for (const manager of MANAGERS) {
    say(manager.title)
    const { folder, seconds, version } = await install(manager, runtimes, registry)
    for (const program of PROGRAMS) {
      const cells = []
      for (const runtime of runtimes) {
        const where = `${manager.title}, ${runtime.name}, ${program.title}`
        cells.push(await check(where, runtime, folder, program, manager.node))
      }
      rows.push([`${manager.title} ${version}, ${seconds.toFixed(1)} s`, program.title, ...cells])
    }
    rmSync(folder, { recursive: true })
  }
  return rows
}

/** Installs codecell into an empty folder. */
async function install(manager, runtimes, registry) {
  const folder = mkdtempSync(join(work, 'project-'))
  writeProject(folder, registry, manager)
  for (const { file, code } of PROGRAMS) writeFileSync(join(folder, file), code)
  const { program, args, version } = commandOf(manager, runtimes)
  const started = performance.now()
  const { code, output } = await runProgram(program, [...args, ...manager.install], {
    cwd: folder,
    deadline: INSTALL_DEADLINE_MS,
    env: separateCaches(folder, registry),
  })
  if (code !== 0) failures.push({ where: `${manager.title} install`, output: `exit ${code}\n${output}` })
  return { folder, version, seconds: (performance.now() - started) / 1000 }
}

/** @returns {{ program: string, args: string[], version: string }} */
function commandOf(manager, runtimes) {
  if (manager.program !== undefined) return { program: manager.program, args: [], version: manager.version }
  const runtime = runtimes.find(({ name }) => name === (manager.runtime ?? manager.host))
  if (manager.runtime !== undefined) return { program: runtime.binary, args: [], version: runtime.version }
  const file = fetchRuntime({ ...manager, name: manager.package.replaceAll('/', '-') })
  if (runtime === undefined) return { program: file, args: [], version: manager.version }
  return { program: runtime.binary, args: [file], version: manager.version }
}

/** No manager finds what another run left, nor leaves anything. */
function separateCaches(folder, registry) {
  return {
    npm_config_registry: registry,
    npm_config_cache: join(work, 'npm-cache'),
    npm_config_store_dir: join(work, 'pnpm-store'),
    PNPM_HOME: join(work, 'pnpm-home'),
    XDG_DATA_HOME: join(work, 'data'),
    XDG_CACHE_HOME: join(work, 'cache'),
    YARN_CACHE_FOLDER: join(folder, '.yarn-cache'),
    BUN_INSTALL_CACHE_DIR: join(work, 'bun-cache'),
    DENO_DIR: join(work, 'deno'),
  }
}

// --- vitest, bundlers, the command ------------------------------------------------------------------------------------

/** A row for each way to use it, a column for each runtime. One project, which npm installs. */
async function toolsTable(runtimes, registry) {
  say('vitest, bundlers, the command')
  const folder = mkdtempSync(join(work, 'tools-'))
  writeProject(folder, registry)
  const tools = await runProgram('npm', ['install', '--ignore-scripts', ...TOOLS], {
    cwd: folder,
    deadline: INSTALL_DEADLINE_MS,
  })
  if (tools.code !== 0) throw new Unavailable(`npm install ${TOOLS.join(' ')}: ${tools.output}`)
  mkdirSync(join(folder, 'test'))
  writeFileSync(join(folder, 'test', 'cell.test.mjs'), VITEST_FILE)
  for (const [name, content] of Object.entries(COMMAND_FILES)) writeFileSync(join(folder, name), content)

  const rows = []
  for (const program of [
    ...['forks', 'threads'].map(vitest),
    ...(await bundledPrograms(folder)),
    ...COMMANDS,
  ]) {
    const cells = []
    for (const runtime of runtimes) {
      cells.push(await check(`${program.title}, ${runtime.name}`, runtime, folder, program))
    }
    rows.push([program.title, ...cells])
  }
  return rows
}

function vitest(pool) {
  const file = join('node_modules', 'vitest', 'vitest.mjs')
  return { title: `vitest, ${pool}`, file, args: ['run', `--pool=${pool}`], says: ['2 passed'] }
}

// --- checking -------------------------------------------------------------------------------------------------------

/** Runs a program; what stands in its cell of the table. */
async function check(where, runtime, folder, { file, args = [], says }, nodeFlags) {
  const isNode = runtime.name.startsWith('node')
  if (nodeFlags !== undefined && !isNode) return '—'
  const { code, output } = await runProgram(
    runtime.binary,
    [...runtime.flags, ...(nodeFlags ?? []), file, ...args],
    { cwd: folder, deadline: PROGRAM_DEADLINE_MS, env: { DENO_DIR: join(work, 'deno') } },
  )
  const works = code === 0 && says.every((text) => output.includes(text))
  if (works !== KNOWN.has(where)) return works ? 'ok' : `no (${[...KNOWN.keys()].indexOf(where) + 1})`
  failures.push({ where, output: works ? 'works, although it is known not to' : `exit ${code}\n${output}` })
  return works ? 'ok' : 'fails'
}

// --- telling --------------------------------------------------------------------------------------------------------

function say(line) {
  console.error(`test-package: ${line}`)
}

function page({ made, runtimes, installed, used }) {
  const names = runtimes.map(({ name, version }) => `${name.replace(/^node\d+$/, 'Node')} ${version}`)
  return `# Runtimes, package managers, bundlers

\`npm run test:package\` writes this page. It packs codecell, installs it into empty projects from a registry on
loopback, and runs it there: each cell below is a program that ran on Linux x64, and printed what it should.

## Sizes

${sizes(made)}

## Package manager, module system, runtime

\`ESM\` is the first program of the [README](../README.md), \`CommonJS\` the same with \`require('codecell')\`, and
\`child process\` a cell with \`isolation: 'process'\`, for which the launcher has to be executable still. The time is
that of the install, with an empty cache.

${table(['installed by', 'as', ...names], installed)}

Plug'n'Play is Yarn's own, and works with Node only.

${[...KNOWN.values()].map((why, index) => `${index + 1}. ${why}`).join('\n')}

## vitest, bundlers, the command

The addon stays outside of a bundle. Either codecell is external as a whole, or only \`@codecell/*\` is; then the project
has to find \`@codecell/binding-…\` by itself, so with pnpm it needs that package as a dependency of its own. A CommonJS
bundle has to leave codecell outside as a whole.

${table(['', ...names], used)}
`
}

function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length), 3),
  )
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

// --------------------------------------------------------------------------------------------------------------------

try {
  await main(parseArgs({ options: { ...OPTIONS, quick: { type: 'boolean' } } }).values)
} catch (error) {
  if (!(error instanceof Unavailable)) throw error
  say(error.message)
  process.exitCode = 2
} finally {
  rmSync(work, { recursive: true, force: true })
}
for (const { where, output } of failures) console.error(`\n${where}: ${output}`)
if (failures.length > 0) process.exitCode = 1
