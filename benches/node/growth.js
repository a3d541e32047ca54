// npm run bench:growth [-- --cells <count>]
//
// Runs cells, one after the other, each with a tool call, and prints the resident size of this process as it goes.
// Exits with 1 if the second half has grown by more than a twentieth.

import { parseArgs } from 'node:util'
import { Session } from '../../js/index.js'

const STEPS = 20
const MOST_GROWTH = 0.05

const { values: options } = parseArgs({ options: { cells: { type: 'string', default: '100000' } } })
const cells = Number(options.cells)
if (!Number.isInteger(cells) || cells < STEPS) throw new Error(`--cells must be a whole number from ${STEPS}`)

const session = new Session({ tools: { echo: { execute: (input) => input } } })
const sizes = []
for (let done = 1; done <= cells; done++) {
  const { status } = await session.exec('text(await tools.echo({ answer: 42 }))')
  if (status !== 'completed') throw new Error(`cell ${done} has ended as ${status}`)
  if (done % Math.floor(cells / STEPS) === 0) {
    sizes.push(process.memoryUsage().rss / 1024 ** 2)
    console.log(`${String(done).padStart(9)} cells: ${sizes.at(-1).toFixed(1)} MiB resident`)
  }
}
await session.close()

const half = sizes.slice(STEPS / 2)
const growth = Math.max(...half) / half[0] - 1
console.log(
  `growth over the second half: ${(growth * 100).toFixed(1)} %${growth > MOST_GROWTH ? ': TOO MUCH' : ''}`,
)
process.exit(growth > MOST_GROWTH ? 1 : 0)
