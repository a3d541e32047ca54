// The tests under other runtimes than the one at hand: each Node release line that is supported, Bun and Deno.
//
//   node scripts/test-runtimes.mjs            all of them
//   node scripts/test-runtimes.mjs node22 bun those
//   CODECELL_RUNTIME_TESTS=process.test node scripts/test-runtimes.mjs   only these test files, as vitest takes them
//
// runtimes.mjs says which, and gets them. Each runs one program that uses most of the package (smoke), and vitest. Exit
// codes: 0 all that must pass has passed; 1 something has not; 2 a runtime could not be had.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { CACHE, fetchRuntime, ROOT, RUNTIMES, runProgram, Unavailable } from './runtimes.mjs'

const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
const SMOKE = join(ROOT, '__test__', 'fixtures', 'runtime-smoke.mjs')

const SMOKE_DEADLINE_MS = 60_000
const SUITE_DEADLINE_MS = 30 * 60_000
const SHOWN_FAILURES = 200

async function main(names) {
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

// --- running --------------------------------------------------------------------------------------------------------

/** What the smoke program says when it fails, or undefined. */
async function runSmoke({ name, flags }, binary) {
  say(`${name}: smoke`)
  const { code, output } = await runProgram(binary, [...flags, SMOKE], { deadline: SMOKE_DEADLINE_MS })
  return code === 0 ? undefined : `exit ${code}\n${output}`
}

/** Counts and failures of the whole suite. */
async function runSuite({ name, version, flags }, binary) {
  say(`${name}: vitest`)
  const report = join(CACHE, `${name}-${version}.json`)
  rmSync(report, { force: true })
  const { code, output } = await runProgram(
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
    { deadline: SUITE_DEADLINE_MS },
  )
  if (!existsSync(report))
    return { passed: 0, failed: 0, skipped: 0, failures: [], crash: tail(output, code) }
  return { ...readReport(report), crash: code === 0 || code === 1 ? undefined : tail(output, code) }
}

function testFiles() {
  return (process.env.CODECELL_RUNTIME_TESTS ?? '').split(/\s+/).filter(Boolean)
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
