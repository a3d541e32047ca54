// Probes that V8 does not come back from: their engine is lost, and nothing else. See THREAT_MODEL.md.

import { isMainThread } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { ISOLATIONS } from './support/isolations.js'
import { LOST } from './support/probes.js'
import { runProgram } from './support/program.js'

describe.runIf(isMainThread)('probes that cost an engine', () => {
  for (const isolation of ISOLATIONS) {
    test.each(Object.entries(LOST))(
      `c.1 ${isolation}: %s`,
      async (name, probe) => {
        const told = await runProgram('probe', [isolation, name], { mayWarn: true, deadlineMs: 90_000 })
        const outcomes = isolation === 'thread' ? [probe.outcome] : [probe.outcome, 'ENGINE_LOST']
        expect(outcomes, told.message).toContain(told.outcome)
        expect(told).toMatchObject({ beside: 'well', next: '2' })
        expect(told.tookBeyondLimit).toBeLessThan(2_000)
        expect(told.heldMiB).toBeLessThan(isolation === 'thread' ? (probe.heldMiB ?? 150) : 150)
        if (isolation === 'thread') expect(told.lost).toBe(1)
      },
      100_000,
    )
  }

  test.each([1, 2, 3])(
    'c.1 a program may exit the moment after a cell ran out of memory: round %i',
    async () => {
      expect(await runProgram('probe-exit', [], { mayWarn: true })).toEqual(['MEMORY_LIMIT', 'MEMORY_LIMIT'])
    },
  )
})
