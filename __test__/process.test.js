// Whole programs that use the package: how they end, and what is left of thousands of cells.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runProgram } from './support/program.js'

for (const program of [
  'unused',
  'idle',
  'yielded',
  'yielded with a timeout under way',
  'yielded and spinning',
  'yielded with a pending tool',
  'frozen',
  'completion nobody collected',
  'closed',
]) {
  test(`a program that never closes its session ends by itself: ${program}`, async () => {
    await runProgram('process-exits', [program])
  })
}

for (const program of [
  'process.exit while a cell spins',
  'process.exit while a tool is pending',
  'process.exit in a tool',
  'process.exit right after an exec',
]) {
  test(`a program ends well: ${program}`, async () => {
    await runProgram('process-exits', [program])
  })
}

test('a program stays alive as long as an exec is under way', async () => {
  expect(await runProgram('process-exits', ['exec keeps the program alive'])).toBe('done')
})

test('2 000 cells one after the other and 400 at once leave no thread, no handle and no memory', async () => {
  const { wrong, before, after, grownMiB, activeCells } = await runProgram('process-many')
  expect(wrong).toBe(0)
  expect(activeCells).toEqual([])
  // The standing threads may be made one by one.
  expect(after.threads).toBeLessThanOrEqual(before.threads + 2)
  expect(before.threads).toBeLessThan(64)
  expect(after.handles.length).toBeLessThanOrEqual(before.handles.length)
  expect(grownMiB).toBeLessThan(12)
}, 60_000)

const isolation = process.env.CODECELL_TEST_ISOLATION

// It measures this process; in a child a cell spins elsewhere.
test.skipIf(isolation)('after a cell that spun was terminated, the program is idle', async () => {
  const { statuses, spinning, idle } = await runProgram('process-idle')
  expect(statuses).toEqual(['running', 'terminated', 'completed'])
  expect(spinning).toBeGreaterThan(30)
  expect(idle).toBeLessThan(spinning / 2)
  expect(idle).toBeLessThan(100)
})

test('faults of scripts, tools and callbacks never reach unhandledRejection or uncaughtException', async () => {
  expect(await runProgram('process-faults')).toBe('terminated')
})

// What puts another isolation in place is known to import alone.
test.skipIf(isolation)("require('codecell') works from CommonJS, and is the same module", async () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  expect(await runProgram('process-require')).toEqual({ status: 'completed', same: true, codecell: version })
})
