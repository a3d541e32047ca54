// npm run bench [-- --quick] [-- --only <part of an id>]
//
// Runs every scenario with every contender, prints a table, and writes results.json and results.svg beside this file.
// Machines differ and so do minutes: only the ratios within one run mean something.

import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { versions } from '../../js/index.js'
import { contenders } from './contenders/index.js'
import { install } from './install.js'
import { chart, table } from './report.js'
import { runScenario } from './run.js'
import { scenarios } from './scenarios/index.js'

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})

install()
const environment = {
  date: new Date().toISOString(),
  codecell: versions.codecell,
  v8OfCodecell: versions.v8,
  node: process.versions.node,
  v8OfNode: process.versions.v8,
  platform: `${process.platform} ${process.arch}`,
  cpu: `${availableParallelism()} × ${cpus()[0]?.model.trim()}`,
  loadBefore: loadavg()[0],
  quick: options.quick,
}

const chosen = scenarios.filter(
  ({ id, quickRounds }) => id.includes(options.only) && !(options.quick && quickRounds === 0),
)
const rows = []
for (const scenario of chosen) {
  console.error(`bench: ${scenario.title} …`)
  rows.push(await runScenario(scenario, contenders, { quick: options.quick }))
}
environment.loadAfter = loadavg()[0]

const machine = `Node ${environment.node}, V8 ${environment.v8OfCodecell} in codecell, ${environment.platform}, ${environment.cpu}`
console.log(
  `\n${machine}; load ${environment.loadBefore.toFixed(1)} to ${environment.loadAfter.toFixed(1)}\n`,
)
console.log(table(rows, contenders))

if (options.only === '') {
  const results = rows.map(({ samples: _, ...row }) => row)
  write('results.json', `${JSON.stringify({ environment, results }, null, 2)}\n`)
  write('results.svg', chart(rows, machine))
}

// What an engine left running shall not keep the bench alive.
process.exit()

function write(name, text) {
  writeFileSync(new URL(name, import.meta.url), text)
}
