// node memory-child.js <contender> <count>: parks that many cells and prints by how much the resident memory grew.
import { setTimeout as sleep } from 'node:timers/promises'
import { contender } from '../contenders/index.js'
import { runExpecting } from '../measure.js'
import { TRIVIAL } from './exec.js'

const [name, count] = [process.argv[2], Number(process.argv[3])]
const PARKED = { body: 'await tools.park({})', result: '0' }

let parked = 0
let allParked
const done = new Promise((resolve) => {
  allParked = resolve
})
const cells = await contender(name).open({
  park() {
    if (++parked === count) allParked()
    return new Promise(() => {})
  },
})

// What is there once, however many cells there are, shall not count.
for (let i = 0; i < 20; i++) await runExpecting(cells, TRIVIAL, '42')
await cells.idle?.()
const before = await settledMemory()

const failed = []
for (let i = 0; i < count; i++)
  failed.push(cells.run(PARKED).then(() => Promise.reject(new Error('not parked'))))
await Promise.race([done, ...failed])
const after = await settledMemory()

process.stdout.write(String(after - before), () => process.reallyExit(0))

async function settledMemory() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await sleep(100)
  }
  return process.memoryUsage.rss()
}
