// npm run bench:isolation
//
// What `isolation: 'process'` costs beside 'thread', in ratios within one run, and what a child process takes. Fails if a
// ratio is over its target in each of three attempts. Linux reports the memory; other systems leave it out.

import { subscribe } from 'node:diagnostics_channel'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import * as codecell from './contenders/codecell.js'
import { alternate, median, runExpecting } from './measure.js'
import { digits } from './report.js'
import { TRIVIAL } from './scenarios/exec.js'
import { scenario } from './scenarios/index.js'

const ATTEMPTS = 3
const EFFORT = { rounds: 200, warmup: 20, budgetMs: 6_000 }
const TARGETS = [
  { id: 'exec-trivial', most: 2 },
  { id: 'exec-parallel-100', most: 2 },
  { id: 'round-trip', most: 3 },
]

const pids = new Set()
subscribe('codecell:engine', (event) => {
  if (event.event === 'ready') pids.add(event.pid)
  if (event.event === 'ended') pids.delete(event.pid)
})

let failed = false
for (const { id, most } of TARGETS) {
  const attempts = []
  while (attempts.length < ATTEMPTS && !(Math.min(...attempts.map(({ ratio }) => ratio)) <= most)) {
    attempts.push(await measure(scenario(id)))
  }
  const best = attempts.toSorted((a, b) => a.ratio - b.ratio)[0]
  const { unit, title } = scenario(id)
  failed ||= best.ratio > most
  console.log(
    `${title}: thread ${digits(best.thread)} ${unit}, process ${digits(best.process)} ${unit}: ` +
      `${digits(best.ratio)} times, at most ${most}${best.ratio > most ? ': FAILED' : ''}`,
  )
}
if (existsSync('/proc/self/smaps_rollup')) await memory()
process.exit(failed ? 1 : 0)

async function measure({ tools, sample }) {
  const contestants = []
  for (const isolation of ['thread', 'process']) {
    const state = {}
    const cells = await codecell.open(tools?.(state) ?? {}, { isolation })
    contestants.push({ isolation, cells, state })
  }
  const samples = await alternate(contestants, ({ cells, state }) => sample(cells, state), EFFORT)
  const result = {}
  for (const [{ isolation, cells }, values] of samples) {
    if (values instanceof Error) throw values
    result[isolation] = median(values)
    await cells.close()
  }
  return { ...result, ratio: result.process / result.thread }
}

/** What a child has for itself: pages that it shares with nobody. */
async function memory() {
  const before = new Set(pids)
  const parked = []
  const cells = await codecell.open(
    { park: () => new Promise((resolve) => parked.push(resolve)) },
    { isolation: 'process', childOptions: { cellsPerChild: 1 } },
  )
  const count = 4
  const running = Array.from({ length: count }, () =>
    runExpecting(cells, { body: 'await tools.park({})', result: '0' }, '0'),
  )
  while (parked.length < count) await sleep(20)
  await runExpecting(cells, TRIVIAL, '42')
  await sleep(500)
  const sizes = [...pids].filter((pid) => !before.has(pid)).map(privateKiB)
  sizes.sort((a, b) => a - b)
  const mib = (kib) => `${digits(kib / 1024)} MiB`
  console.log(
    `memory of a child for itself: ${mib(sizes[0])} without cells, ${mib(median(sizes))} with one that waits`,
  )
  for (const resolve of parked) resolve(0)
  await Promise.all(running)
  await cells.close()
}

function privateKiB(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return [...rollup.matchAll(/^Private_\w+: +(\d+) kB$/gm)].reduce((sum, [, kib]) => sum + Number(kib), 0)
}
