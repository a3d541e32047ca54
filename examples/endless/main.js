// Starts a script that never ends, and gets rid of it. Run it with: node examples/endless/main.js

import { setTimeout as sleep } from 'node:timers/promises'
import { Session } from 'codecell'

const YIELD_MS = 200
const session = new Session({ defaultYieldTimeMs: YIELD_MS })

console.log(`1. exec: while (true) {}, with a yield time of ${YIELD_MS} ms`)
let started = performance.now()
const running = await session.exec("text('before the loop'); while (true) {}")
console.log(`   answered after ${since(started)} ms: ${running.status}, ${JSON.stringify(running.content)}`)
console.log(`   cells alive: ${session.activeCells.length}`)

console.log('2. Meanwhile this program is free, because the script runs on a thread of its own')
console.log(`   CPU: ${await cpuShare()} % of one core`)

console.log('3. terminate')
started = performance.now()
const ended = await session.terminate(running.cellId)
console.log(
  `   answered after ${since(started)} ms: ${ended.status}; it ran for ${cpuMs(ended)} ms of CPU time`,
)
console.log(`   cells alive: ${session.activeCells.length}`)

console.log('4. The CPU is idle again')
console.log(`   CPU: ${await cpuShare()} % of one core`)

console.log('5. The session still works')
const next = await session.exec('text(6 * 7)')
console.log(`   ${next.status}, ${JSON.stringify(next.content)}`)

console.log('6. Nobody has to watch: a limit ends such a script too')
const limited = new Session({ limits: { cpuMs: 100 } })
const failed = await limited.exec('while (true) {}')
console.log(`   ${failed.status}, ${failed.error?.code}: ${failed.error?.message}`)

/** What all threads of this process use, while the main thread sleeps. */
async function cpuShare() {
  const before = process.cpuUsage()
  const started = performance.now()
  await sleep(300)
  const { user, system } = process.cpuUsage(before)
  return Math.round((user + system) / 10 / (performance.now() - started))
}

/** @param {number} time */
function since(time) {
  return Math.round(performance.now() - time)
}

/** @param {import('codecell').CellResult} result */
function cpuMs(result) {
  return result.status === 'missing' ? 0 : Math.round(result.usage.cpuMs)
}
