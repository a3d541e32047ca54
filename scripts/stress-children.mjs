// Kills child processes at random moments under load, and sees that nothing else comes of it.
//
//   node scripts/stress-children.mjs [kills] [seed]     1 000 kills by default. Linux only.
//
// Sessions with cells of many kinds run all the time, while their children are killed. Then: every promise has settled;
// cells that were not in a killed child have the right result; no zombie, no descriptor and no child is left. Prints a
// line of JSON. Exit codes: 0 all is as it should be; 1 something is not, as it says.

import { subscribe } from 'node:diagnostics_channel'
import { readdirSync, readFileSync } from 'node:fs'
import { Session } from '../js/index.js'

const SESSIONS = 4
const CELLS_AT_ONCE = 5
const SETTLE_MS = 60_000

const kills = Number(process.argv[2] ?? 1000)
let seed = Number(process.argv[3] ?? Date.now() % 1e9)
const firstSeed = seed

/** A number from 0 up to `below`: the same ones for the same seed. */
function random(below) {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** What cells do, and what they print when their child lives. */
const KINDS = [
  { source: "text('done')", text: 'done' },
  { source: 'const end = Date.now() + 20; while (Date.now() < end); text(1)', text: '1' },
  { source: 'text(await tools.echo({ value: 7 }))', text: '7' },
  {
    source: 'let n = 0; for (let i = 0; i < 50; i++) n += await tools.echo({ value: 1 }); text(n)',
    text: '50',
  },
  {
    source:
      'text((await Promise.all(Array.from({ length: 100 }, (_, i) => tools.echo({ value: i })))).length)',
    text: '100',
  },
  { source: 'await new Promise((resolve) => setTimeout(resolve, 30)); text(2)', text: '2' },
  { source: "text('x'.repeat(1e6).length)", text: '1000000' },
  { source: "text((await tools.large()).length); store('k', 'y'.repeat(1e5))", text: '500000' },
]

const tools = {
  echo: { execute: ({ value }) => value },
  large: { execute: () => 'z'.repeat(500_000) },
}

/** @type {Map<number, import('codecell').ChildProcessEvent & { event: 'ended' }>} */
const ended = new Map()
const started = new Set()
subscribe('codecell:engine', (event) => {
  if (event.event === 'started') started.add(event.pid)
  if (event.event === 'ended') ended.set(event.pid, event)
})

const killed = new Set()
const problems = []
const counts = { execs: 0, completed: 0, lost: 0 }
let done = false

async function load(session) {
  while (!done) {
    const { source, text } = KINDS[random(KINDS.length)]
    counts.execs += 1
    const result = await session.exec(source)
    if (result.status === 'completed' && result.content[0]?.text === text) counts.completed += 1
    else if (result.status === 'failed' && result.error.code === 'ENGINE_LOST') counts.lost += 1
    else problems.push(`a cell ended with ${JSON.stringify(result).slice(0, 300)}`)
  }
}

async function killAtRandom() {
  while (killed.size < kills) {
    await sleep(random(20))
    const alive = [...started].filter((pid) => !ended.has(pid) && !killed.has(pid))
    if (alive.length === 0) continue
    const pid = alive[random(alive.length)]
    // Only what is still a child of this process: a pid may be used again.
    if (
      readOrEmpty(`/proc/${pid}/stat`)
        .replace(/^.*\) . /, '')
        .startsWith(`${process.pid} `)
    ) {
      process.kill(pid, 'SIGKILL')
      killed.add(pid)
    } else {
      await sleep(1)
    }
  }
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Children of this process with their states. */
function children() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid, stat: readOrEmpty(`/proc/${pid}/stat`).replace(/^.*\) /, '') }))
    .filter(({ stat }) => stat.split(' ')[1] === String(process.pid))
    .map(({ pid, stat }) => ({ pid: Number(pid), state: stat[0] }))
}

const descriptors = () => readdirSync('/proc/self/fd').length

/** Waits until something is so. */
async function until(condition, what) {
  const end = Date.now() + SETTLE_MS
  while (!condition()) {
    if (Date.now() > end) return problems.push(what())
    await sleep(20)
  }
}

// What a session opens once and for all is no leak.
const warmUp = new Session({ isolation: 'process' })
await warmUp.exec('text(1)')
const baseline = descriptors()

const began = performance.now()
const sessions = Array.from(
  { length: SESSIONS },
  () => new Session({ isolation: 'process', defaultYieldTimeMs: Infinity, tools }),
)
const loads = sessions.flatMap((session) => Array.from({ length: CELLS_AT_ONCE }, () => load(session)))
await killAtRandom()
done = true
const late = Symbol('late')
const settled = await Promise.race([
  Promise.all(loads),
  new Promise((resolve) => setTimeout(resolve, SETTLE_MS, late).unref()),
])
if (settled === late) problems.push('promises have not settled')
await Promise.all([warmUp, ...sessions].map((session) => session.close()))

await until(
  () => children().length === 0,
  () => `children are left: ${JSON.stringify(children())}`,
)
await until(
  () => [...started].every((pid) => ended.has(pid)),
  () => 'children whose end was not told',
)
await until(
  () => descriptors() <= baseline,
  () => `descriptors: ${descriptors()}, before ${baseline}`,
)

let lostInKilled = 0
for (const { pid, reason, lostCells } of ended.values()) {
  if (killed.has(pid)) lostInKilled += lostCells
  else if (lostCells > 0) problems.push(`cells were lost with a child that nobody killed: ${reason}`)
}
if (lostInKilled !== counts.lost) {
  problems.push(`${counts.lost} cells were lost, ${lostInKilled} of them in children that were killed`)
}

const seconds = Math.round((performance.now() - began) / 1000)
console.log(
  JSON.stringify({
    kills: killed.size,
    seed: firstSeed,
    seconds,
    ...counts,
    lostInKilled,
    children: started.size,
    problems,
  }),
)
process.exitCode = problems.length === 0 ? 0 : 1
