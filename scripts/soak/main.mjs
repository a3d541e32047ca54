// Runs good and hostile cells for a long time, and says whether anything grows or is lost:
//
//   npm run soak -- --minutes 60 [--isolation process] [--seed 1] [--only JOB]
//
// The time is parted into intervals. In each, lanes of jobs run beside each other: random scripts, hostile ones,
// terminations, aborts, sessions that close with cells in them, worker threads that are terminated. After each, when all
// have ended, the process is measured. It passes if no promise was lost and the second half is flat.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Session } from 'codecell'
import { collectGarbage, heldThreads, sleep, tasks } from '../../__test__/fixtures/process-support.mjs'
import { random } from '../../__test__/support/random.js'
import { JOBS } from './jobs.mjs'

const LANES = 4
const INTERVALS = 12
/** A promise that is pending for so long is lost. */
const LOST_MS = 60_000
/** Engines that were given up, and children, have this long to come to their end before it is measured. */
const LONGEST_REST_MS = 30_000
/** How much more the last quarter may hold than the third. */
const ALLOWED = { residentMiB: 16, threads: 2, descriptors: 1 }

// glibc raises this by itself with each large block that is freed, and then keeps such blocks. What is resident would
// grow for an hour without a leak.
const ALLOCATOR = { MALLOC_MMAP_THRESHOLD_: '131072' }
if (process.env.MALLOC_MMAP_THRESHOLD_ === undefined) {
  const env = { ...process.env, ...ALLOCATOR }
  const { status } = spawnSync(process.execPath, process.argv.slice(1), { env, stdio: 'inherit' })
  process.exit(status ?? 1)
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    isolation: { type: 'string', default: 'thread' },
    only: { type: 'string' },
  },
})
const intervalMs = (Number(values.minutes) * 60_000) / INTERVALS
const { isolation } = values
const jobs = JOBS.filter((job) => values.only === undefined || job.name === values.only)

let lost = 0
const counts = { jobs: 0, cells: 0, workers: 0 }
/** @type {Record<string, number>} */
const outcomes = {}

/**
 * A promise that must settle.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @returns {Promise<T | undefined>} undefined if it was rejected, or lost
 */
async function settles(promise, what) {
  let timer
  const late = new Promise((resolve) => {
    timer = setTimeout(() => {
      lost++
      console.error(`lost: ${what}`)
      resolve(undefined)
    }, LOST_MS)
  })
  const result = await Promise.race([promise.catch((error) => ({ status: error?.code ?? 'aborted' })), late])
  clearTimeout(timer)
  if (result?.status) {
    counts.cells++
    const outcome = result.error?.code ?? result.status
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  return result
}

/** @param {number} lane */
async function runLane(lane, ends, interval) {
  const numbers = random(Number(values.seed) * 1e6 + interval * LANES + lane)
  while (performance.now() < ends) {
    counts.jobs++
    await numbers.pick(jobs)({ numbers, isolation, settles })
  }
}

/** Worker threads that run cells and are terminated in the middle of it. */
async function restartWorkers(ends, interval) {
  const numbers = random(Number(values.seed) * 1e6 + interval)
  while (performance.now() < ends) {
    const workerData = { isolation, seed: numbers.below(1e9) }
    const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData })
    counts.workers++
    await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    await sleep(numbers.below(50))
    await settles(
      worker.terminate().then(() => undefined),
      'the end of a worker',
    )
  }
}

async function measure() {
  const children = childrenOf(process.pid)
  const childMiB = children.reduce((sum, pid) => sum + residentMiB(pid), 0) / Math.max(1, children.length)
  // What stands ready comes to its end, and so does what was given up a moment ago: native code that takes its time, and
  // children that nobody needs. One child stays, for `standing`, and runs through all intervals.
  const latest = performance.now() + LONGEST_REST_MS
  do await sleep(500)
  while ((heldThreads().length > 0 || childrenOf(process.pid).length > 1) && performance.now() < latest)
  collectGarbage()
  await sleep(100)
  const all = processes()
  return {
    residentMiB: all.reduce((sum, pid) => sum + residentMiB(pid), 0),
    childMiB,
    threads: all.reduce((sum, pid) => sum + tasks(pid).length, 0),
    held: all.reduce((sum, pid) => sum + heldThreads(pid).length, 0),
    descriptors: readdirSync('/proc/self/fd').length,
    processes: all.length,
  }
}

/** This one and its children. */
function processes() {
  return [process.pid, ...childrenOf(process.pid)]
}

/**
 * @param {number} pid
 * @returns {number[]}
 */
function childrenOf(pid) {
  return tasks(pid).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    } catch {
      return []
    }
  })
}

function residentMiB(pid) {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
    return (Number(pages) * 4096) / 2 ** 20
  } catch {
    return 0
  }
}

// As long as it is open, one child stands ready, and it is one that has run cells.
const standing = new Session({ isolation })
const samples = []
for (let interval = 0; interval < INTERVALS; interval++) {
  const ends = performance.now() + intervalMs
  const lanes = Array.from({ length: jobs.length > 0 ? LANES : 0 }, (_, lane) =>
    runLane(lane, ends, interval),
  )
  if (values.only === undefined || values.only === 'workers') lanes.push(restartWorkers(ends, interval))
  await Promise.all(lanes)
  const sample = await measure()
  samples.push(sample)
  const shown = Object.entries({ ...sample, ...counts, lost }).map(
    ([name, value]) => `${name} ${Math.round(value)}`,
  )
  console.log(`${String(interval + 1).padStart(2)}/${INTERVALS}  ${shown.join('  ')}`)
}

await standing.close()
const half = samples.slice(INTERVALS / 2)
const third = half.slice(0, half.length / 2)
const last = half.slice(half.length / 2)
const median = (list, key) => list.map((one) => one[key]).sort((a, b) => a - b)[Math.floor(list.length / 2)]
const grown = Object.fromEntries(
  Object.keys(ALLOWED).map((key) => [key, Math.round(median(last, key) - median(third, key))]),
)
const isFlat = Object.entries(ALLOWED).every(([key, allowed]) => grown[key] <= allowed)
console.log(`outcomes ${JSON.stringify(outcomes)}`)
console.log(
  `${isolation}: ${isFlat ? 'flat' : 'NOT FLAT'} in the second half (${JSON.stringify(grown)}), ${lost} promises lost`,
)
process.exit(process.exitCode || (isFlat && lost === 0 ? 0 : 1))
