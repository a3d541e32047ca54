// Child processes on systems that lack a part of the sandbox: real ones, as far as a program can see.

import { isMainThread } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { runProgram } from './support/program.js'
import { without } from './support/without-system-calls.js'

const RAN = { status: 'completed', text: 'ran' }

describe.runIf(process.platform === 'linux' && isMainThread)('a sandbox that is not complete', () => {
  test.each([
    [['landlock_create_ruleset'], ['landlock']],
    [['seccomp'], ['seccomp']],
    [
      ['landlock_create_ruleset', 'seccomp'],
      ['landlock', 'seccomp'],
    ],
  ])(
    'without %j scripts run, and it is told what is missing; with strict none runs',
    async (calls, missing) => {
      // Node's own warning goes to the standard error.
      const told = await runProgram('sandbox', [], { under: without(calls), mayWarn: true })
      expect(told).toEqual({
        loose: RAN,
        strict: {
          name: 'CodecellError',
          code: 'ENGINE_UNAVAILABLE',
          message: expect.stringContaining(
            `childOptions.strict asks for a complete sandbox, and this system lacks ${missing.join(', ')}`,
          ),
        },
        missing,
        warnings: [
          expect.stringContaining(
            `the sandbox of codecell's child processes lacks ${missing.join(', ')} on this`,
          ),
        ],
      })
    },
  )

  test('where nothing is missing, strict scripts run, and nobody is warned', async () => {
    expect(await runProgram('sandbox')).toEqual({ loose: RAN, strict: RAN, missing: [], warnings: [] })
  })
})
