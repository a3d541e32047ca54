// What scripts do to kill or hang their host, and what comes of it. Each probe has a process of its own.

import { isMainThread } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { ISOLATIONS } from './support/isolations.js'
import { STOPPED } from './support/probes.js'
import { runProgram } from './support/program.js'

// They would say the same again in a worker: the process is another one anyway.
describe.runIf(isMainThread)('probes that leave nothing behind', () => {
  for (const isolation of ISOLATIONS) {
    test.each(Object.entries(STOPPED))(`c.1 ${isolation}: %s`, async (name, { outcome }) => {
      const told = await runProgram('probe', [isolation, name])
      expect([outcome].flat(), told.message).toContain(told.outcome)
      expect(told).toMatchObject({ beside: 'well', next: '2', lost: 0 })
      expect(told.tookBeyondLimit).toBeLessThan(2_000)
      expect(told.heldMiB).toBeLessThan(150)
    })
  }
})
