// npm run bench:check [-- --short] [-- --write]
//
// Compares ratios within one run with those of baseline.json. A ratio fails when it is more than 15 % above its
// baseline in each of five attempts. `--short` leaves out what needs a contender to be installed, and takes fewer
// samples: for CI. `--write` makes the median of five attempts the baseline.
//
// On Linux all runs on one core: waking a thread on another core costs up to 100 µs on some machines and nothing on
// others, and whether it happens depends on what else runs. That is the scheduler's time, not codecell's.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { BENCHES, buildBareAddon, cargo, ROOT } from './cargo.js'
import { contender } from './contenders/index.js'
import { install } from './install.js'
import { alternate, median } from './measure.js'
import { digits } from './report.js'
import { scenario } from './scenarios/index.js'

const TOLERANCE = 0.15
const ATTEMPTS = 5
/**
 * Milliseconds after each sample: an engine cleans up and makes the next context ready once it has answered. On one
 * core that would fall into the samples that follow, or would not be done when the next script comes, by chance.
 */
const PAUSE_MS = 5
const BASELINE = new URL('baseline.json', import.meta.url)

const flag = { type: 'boolean', default: false }
const { values: options } = parseArgs({ options: { short: flag, write: flag } })
const EFFORT = options.short
  ? { rounds: 200, warmup: 10, budgetMs: 4_000 }
  : { rounds: 300, warmup: 20, budgetMs: 8_000 }

if (!process.env.CODECELL_BENCH_PINNED) {
  build()
  if (!options.short) install()
  pin()
}
const CHECKS = [
  ...(options.short ? ['node:vm'] : ['node:vm', 'isolated-vm']).map((reference) => ({
    name: `exec of a trivial script, codecell to ${reference}`,
    of: ['codecell', 'exec-trivial'],
    to: [reference, 'exec-trivial'],
  })),
  {
    name: 'tool round trip, codecell to a bare threadsafe function',
    of: ['codecell', 'round-trip'],
    to: ['threadsafe function', 'round-trip'],
  },
  {
    name: '100 parallel tool calls to 1, codecell',
    of: ['codecell', 'exec-parallel-100'],
    to: ['codecell', 'exec-parallel-1'],
  },
]

/** The rows of benches/exec_overhead that are checked. One run gives them all. */
const OVERHEAD_CHECKS = [
  'warm exec with 0 tools, engine to plain design',
  'warm exec with 128 tools to none, engine',
  'sustained exec with 0 tools, engine to plain design',
]

const baseline = JSON.parse(readFileSync(BASELINE, 'utf8'))
const overheads = []
let failed = false
for (const check of CHECKS) await compare(check.name, () => ratio(check))
for (const name of OVERHEAD_CHECKS) await compare(name, (attempt) => overhead(attempt)[name])
if (options.write) writeFileSync(BASELINE, `${JSON.stringify(baseline, null, 2)}\n`)
if (failed) console.log(`a ratio is more than ${TOLERANCE * 100} % above its baseline`)
process.exit(failed ? 1 : 0)

/**
 * @param {string} name
 * @param {(attempt: number) => number | Promise<number>} measure
 */
async function compare(name, measure) {
  const wanted = options.write ? 0 : baseline[name]
  if (wanted === undefined) throw new Error(`baseline.json does not have “${name}”`)
  const limit = wanted * (1 + TOLERANCE)
  const attempts = []
  while (attempts.length < ATTEMPTS && !(Math.min(...attempts) <= limit))
    attempts.push(await measure(attempts.length))
  const taken = attempts.map(digits).join(', ')
  if (options.write) {
    baseline[name] = Number(median(attempts).toPrecision(3))
    console.log(`${name}: ${digits(baseline[name])} of ${taken} is now the baseline`)
  } else {
    const isSlow = Math.min(...attempts) > limit
    failed ||= isSlow
    console.log(`${name}: ${taken}; baseline ${digits(wanted)}: ${isSlow ? 'TOO SLOW' : 'ok'}`)
  }
}

/** The figures of one run of benches/exec_overhead, which all of its checks share. */
function overhead(attempt) {
  if (overheads[attempt] === undefined) {
    const file = `${ROOT}target/exec-overhead.json`
    const rows = ['--scenarios', 'warm,sustained', '--tools', '0,128']
    cargo('bench', ...BENCHES, '--bench', 'exec_overhead', '--', '--json', file, ...rows)
    overheads[attempt] = JSON.parse(readFileSync(file, 'utf8'))
  }
  return overheads[attempt]
}

/** What is measured, built with all cores. */
function build() {
  buildBareAddon()
  cargo('bench', '--no-run', ...BENCHES, '--bench', 'exec_overhead')
}

async function ratio({ of, to }) {
  const contestants = await Promise.all([of, to].map(contestant))
  const samples = await alternate(contestants, ({ sample }) => sample(), EFFORT)
  for (const { cells } of contestants) await cells.close()
  const [own, other] = contestants.map((one) => {
    const values = samples.get(one)
    if (values instanceof Error) throw values
    return median(values)
  })
  return own / other
}

async function contestant([name, id]) {
  const { tools, sample } = scenario(id)
  const state = {}
  const cells = await contender(name).open(tools?.(state) ?? {})
  return {
    cells,
    async sample() {
      const value = await sample(cells, state, true)
      await cells.idle?.()
      await sleep(PAUSE_MS)
      return value
    },
  }
}

/** Starts this again on one core, if there is a way, and ends with its exit code. */
function pin() {
  if (process.platform !== 'linux') return
  if (spawnSync('taskset', ['-c', '0', 'true']).status !== 0) return
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const env = { ...process.env, CODECELL_BENCH_PINNED: '1' }
  process.exit(spawnSync('taskset', ['-c', '0', ...again], { stdio: 'inherit', env }).status ?? 1)
}
